"""POST /auth/reauthenticate/passkey/options and POST /auth/reauthenticate/passkey: a passkey instead of a password."""

from accounts import deployment
from accounts.web import passkey_schemas, passkeys, responses, routes
from accounts.web.cookies import login_cookies
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PASSKEY_LOGIN = DEPLOYMENT.passkey_login


@endpoint(routes.PASSKEY_REAUTHENTICATE, DEPLOYMENT, routes.PASSKEY_REMIND)
def lambda_handler(request: Request) -> Response:
    session, caller, now = request.session, request.caller, request.received_at
    if request.route == routes.PASSKEY_REMIND:
        reminded = PASSKEY_LOGIN.remind(session, caller, now)
        options = passkeys.request_options(reminded.challenge, DEPLOYMENT.settings, reminded.user.passkeys)
        return responses.ok(options, user_id=request.user_id)
    response = passkeys.assertion(request.json(passkey_schemas.PasskeyReauthenticate))
    logged_in = PASSKEY_LOGIN.reauthenticate(session, response, caller, now)
    return responses.no_content(cookies=login_cookies(logged_in), user_id=logged_in.session.user_id)
