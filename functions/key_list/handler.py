"""GET /customers/api-keys: the API keys of the account, without their text."""

from accounts import deployment
from accounts.web import key_presenters, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
KEY_LIST = DEPLOYMENT.key_list
SCOPES = DEPLOYMENT.offered_scopes


@endpoint(routes.KEY_LIST, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    listed = KEY_LIST.of_account(request.user_id, request.received_at)
    return responses.ok(key_presenters.keys(listed, SCOPES), user_id=request.user_id)
