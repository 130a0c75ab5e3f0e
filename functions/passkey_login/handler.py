"""POST /auth/login/passkey/options and POST /auth/login/passkey: open a session with a passkey."""

from accounts import deployment, secrets
from accounts.web import credentials, passkey_schemas, passkeys, presenters, responses, routes
from accounts.web.cookies import PASSKEY_COOKIE, PENDING_COOKIE, login_cookies, no_pending_cookie, passkey_cookie
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PASSKEY_LOGIN = DEPLOYMENT.passkey_login


@endpoint(routes.PASSKEY_LOGIN, DEPLOYMENT, routes.PASSKEY_LOGIN_INVITE)
def lambda_handler(request: Request) -> Response:
    browser, caller, now = request.token_cookie(PASSKEY_COOKIE), request.caller, request.received_at
    if request.route == routes.PASSKEY_LOGIN_INVITE:
        browser = browser or secrets.new_token()
        options = passkeys.request_options(
            PASSKEY_LOGIN.invite(secrets.digest(browser), caller, now), DEPLOYMENT.settings
        )
        return responses.ok(options, cookies=(passkey_cookie(browser),))
    body = request.json(passkey_schemas.PasskeyLogin)
    response, presented = passkeys.assertion(body), credentials.session_cookie(request)
    pending, digest = request.cookie(PENDING_COOKIE) or "", secrets.digest(browser)
    logged_in = PASSKEY_LOGIN.log_in(
        response, digest, remember=body.remember, presented=presented, caller=caller, now=now, pending=pending
    )
    cookies = (*login_cookies(logged_in), *([no_pending_cookie()] if pending else []))
    customer = presenters.customer(logged_in.identity)
    return responses.ok(customer, cookies=cookies, user_id=logged_in.session.user_id, method="passkey")
