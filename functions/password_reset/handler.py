"""POST /auth/password/reset: set a new password with the emailed token; all sessions end."""

from accounts import deployment
from accounts.web import responses, routes, schemas
from accounts.web.cookies import browser_cookies
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PASSWORD_RESET = DEPLOYMENT.password_reset


@endpoint(routes.PASSWORD_RESET, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body = request.json(schemas.PasswordReset)
    done = PASSWORD_RESET.reset(body.token, body.password, request.caller, request.received_at)
    return responses.no_content(user_id=done.user_id, cookies=browser_cookies(done.browser_token), method="reset")
