"""POST /auth/logout: end the session."""

from accounts import deployment
from accounts.web import responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
LOGOUT = DEPLOYMENT.logout


@endpoint(routes.LOGOUT, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    ended = LOGOUT.here(request.optional_session, request.caller, request.received_at)
    return responses.logged_out(request.user_id if ended else "")
