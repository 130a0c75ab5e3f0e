"""GET /auth/identities: the identities of the account, and the pending change of its address."""

from accounts import deployment
from accounts.web import identity_presenters, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
IDENTITY_LIST = DEPLOYMENT.identity_list


@endpoint(routes.IDENTITY_LIST, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    found = IDENTITY_LIST.of_account(request.user_id)
    return responses.ok(identity_presenters.listed_identities(found, request.received_at), user_id=request.user_id)
