"""POST /auth/password/change: replace a known password; other sessions end."""

from accounts import deployment
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PASSWORD_CHANGE = DEPLOYMENT.password_change


@endpoint(routes.PASSWORD_CHANGE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body, now = request.json(schemas.PasswordChange), request.received_at
    PASSWORD_CHANGE.change(request.session, body.current_password, body.new_password, request.caller, now)
    return responses.no_content(user_id=request.user_id)
