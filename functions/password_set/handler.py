"""POST /auth/password: set the first password of an account that was created through a provider."""

from accounts import deployment
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PASSWORD_SETTING = DEPLOYMENT.password_setting


@endpoint(routes.PASSWORD_SET, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    password = request.json(schemas.PasswordSet).new_password
    PASSWORD_SETTING.set(request.session, password, request.caller, request.received_at)
    return responses.no_content(user_id=request.user_id)
