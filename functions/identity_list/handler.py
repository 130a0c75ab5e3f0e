"""GET /auth/identities: the identities of the account."""

from accounts import deployment
from accounts.web import presenters, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
IDENTITY_LIST = DEPLOYMENT.identity_list


@endpoint(routes.IDENTITY_LIST, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    found = [presenters.listed_identity(entry) for entry in IDENTITY_LIST.of_account(request.user_id)]
    return responses.ok(presenters.Identities(found), user_id=request.user_id)
