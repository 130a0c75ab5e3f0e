"""POST /auth/sessions/revoke-all: end all sessions of the account."""

from accounts import deployment
from accounts.web import responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
LOGOUT_EVERYWHERE = DEPLOYMENT.logout_everywhere


@endpoint(routes.SESSION_REVOKE_ALL, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    LOGOUT_EVERYWHERE.everywhere(request.user_id, request.caller, request.received_at)
    return responses.logged_out(request.user_id)
