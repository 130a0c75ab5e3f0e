"""POST /customers: the account of the credential, as existing ComfyUI clients request it on first use."""

from accounts import deployment
from accounts.web import presenters, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
ACCOUNT_LOOKUP = DEPLOYMENT.account_lookup


@endpoint(routes.ACCOUNT_OPEN, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    user = ACCOUNT_LOOKUP.of(request.user_id)
    return responses.ok(presenters.customer(user), user_id=user.user_id, method=request.credential_kind)
