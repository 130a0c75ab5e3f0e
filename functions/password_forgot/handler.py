"""POST /auth/password/forgot: email a reset link, if the address has an account."""

from accounts import deployment
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PASSWORD_FORGOTTEN = DEPLOYMENT.password_forgotten


@endpoint(routes.PASSWORD_FORGOT, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body = request.json(schemas.PasswordForgot)
    PASSWORD_FORGOTTEN.ask(body.email, request.caller, request.received_at)
    return responses.accepted("If there is an account with this address, a mail with a link is on its way.")
