"""GET /auth/session: the current session and its account."""

from accounts import deployment
from accounts.web import presenters, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
ACCOUNT_LOOKUP = DEPLOYMENT.account_lookup


@endpoint(routes.SESSION_SHOW, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    user = ACCOUNT_LOOKUP.of(request.user_id)
    return responses.ok(presenters.current_session(user, request.session), user_id=user.user_id)
