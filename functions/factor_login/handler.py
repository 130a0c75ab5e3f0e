"""POST /auth/login/second-factor and POST /auth/login/email-code: finish a login with a code; send it again."""

from accounts import deployment
from accounts.web import credentials, factor_schemas, responses, routes
from accounts.web.cookies import PENDING_COOKIE, login_cookies, no_pending_cookie
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
SECOND_STEP, CONFIRMATION = DEPLOYMENT.second_step, DEPLOYMENT.browser_confirmation
_SENT = "We've emailed you a new code."


@endpoint(routes.FACTOR_LOGIN, DEPLOYMENT, routes.EMAIL_CODE_SEND)
def lambda_handler(request: Request) -> Response:
    pending, caller, now = request.cookie(PENDING_COOKIE) or "", request.caller, request.received_at
    if request.route == routes.EMAIL_CODE_SEND:
        CONFIRMATION.send_again(pending, caller, now)
        return responses.accepted(_SENT)
    body, presented = request.json(factor_schemas.SecondFactorLogin), credentials.session_cookie(request)
    opened = SECOND_STEP.log_in(pending, body.code, trust=body.trust, presented=presented, caller=caller, now=now)
    cookies, session = (*login_cookies(opened), no_pending_cookie()), opened.session
    return responses.no_content(cookies=cookies, user_id=session.user_id, method=session.method)
