"""POST /auth/login: open a session with an email address and a password."""

from accounts import deployment
from accounts.web import credentials, login_schemas, presenters, responses, routes
from accounts.web.cookies import login_cookies
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
LOGIN = DEPLOYMENT.login


@endpoint(routes.LOGIN, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body = request.json(login_schemas.Login)
    presented, caller, now = credentials.session_cookie(request), request.caller, request.received_at
    logged_in = LOGIN.with_password(
        body.email, body.password, remember=body.remember, presented=presented, caller=caller, now=now
    )
    customer, cookies = presenters.customer(logged_in.identity), login_cookies(logged_in)
    return responses.ok(customer, cookies=cookies, user_id=logged_in.session.user_id, method="password")
