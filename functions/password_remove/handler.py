"""DELETE /auth/password: remove the password of an account with two other login methods."""

from accounts import deployment
from accounts.web import responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PASSWORD_REMOVAL = DEPLOYMENT.password_removal


@endpoint(routes.PASSWORD_REMOVE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    PASSWORD_REMOVAL.remove(request.session, request.caller, request.received_at)
    return responses.no_content(user_id=request.user_id)
