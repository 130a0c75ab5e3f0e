"""POST /auth/reauthenticate: enter the password again, for actions that need a recent login."""

from accounts import deployment
from accounts.web import login_schemas, responses, routes
from accounts.web.cookies import login_cookies
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
REAUTHENTICATION = DEPLOYMENT.reauthentication


@endpoint(routes.REAUTHENTICATE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    password = request.json(login_schemas.Reauthenticate).password
    logged_in = REAUTHENTICATION.with_password(request.session, password, request.caller, request.received_at)
    return responses.no_content(cookies=login_cookies(logged_in), user_id=logged_in.session.user_id)
