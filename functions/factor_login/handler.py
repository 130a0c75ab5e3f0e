"""POST /auth/login/second-factor: finish a login with a code of the second factor."""

from accounts import deployment
from accounts.web import credentials, responses, routes, schemas
from accounts.web.cookies import PENDING_COOKIE, login_cookies, no_pending_cookie
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
SECOND_STEP = DEPLOYMENT.second_step


@endpoint(routes.FACTOR_LOGIN, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body, pending = request.json(schemas.SecondFactorLogin), request.cookie(PENDING_COOKIE) or ""
    presented, caller, now = credentials.session_cookie(request), request.caller, request.received_at
    opened = SECOND_STEP.log_in(pending, body.code, trust=body.trust, presented=presented, caller=caller, now=now)
    cookies, session = (*login_cookies(opened), no_pending_cookie()), opened.session
    return responses.no_content(cookies=cookies, user_id=session.user_id, method=session.method)
