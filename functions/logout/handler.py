"""POST /auth/logout: end the session. With `?keep=storage`, the browser keeps what the pages stored."""

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
    # Compared, not parsed: a malformed query must not prevent a logout.
    return responses.logged_out(request.user_id if ended else "", keep_storage=request.raw_query == "keep=storage")
