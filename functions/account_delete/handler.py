"""DELETE /customers/me: delete the account with its sessions, API keys and identities."""

from accounts import deployment
from accounts.web import responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
ACCOUNT_CLOSING = DEPLOYMENT.account_closing


@endpoint(routes.ACCOUNT_DELETE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    ACCOUNT_CLOSING.close(request.session, request.caller, request.received_at)
    return responses.logged_out(request.user_id)
