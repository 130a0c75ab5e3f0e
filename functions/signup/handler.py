"""POST /auth/signup: start a sign-up, and email the link that completes it."""

from accounts import deployment
from accounts.web import responses, routes, schemas
from accounts.web.cookies import browser_cookies, sign_up_cookie
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
SIGNUP = DEPLOYMENT.signup


@endpoint(routes.SIGNUP, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body = request.json(schemas.Signup)
    started = SIGNUP.start(body.email, body.password, body.name, request.caller, request.received_at)
    cookies = (sign_up_cookie(started.proof), *browser_cookies(started.browser))
    return responses.accepted("Check your email for a link to confirm your address.", cookies=cookies)
