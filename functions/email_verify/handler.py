"""POST /auth/email/verify: create the account with the emailed token and the password of the sign-up."""

from accounts import deployment
from accounts.web import credentials, presenters, responses, routes, schemas
from accounts.web.cookies import login_cookies
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
EMAIL_VERIFICATION = DEPLOYMENT.email_verification


@endpoint(routes.EMAIL_VERIFY, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body, presented = request.json(schemas.EmailVerify), credentials.session_cookie(request)
    logged_in = EMAIL_VERIFICATION.confirm(body.token, body.password, presented, request.caller, request.received_at)
    customer, cookies = presenters.customer(logged_in.identity), login_cookies(logged_in)
    return responses.ok(customer, cookies=cookies, user_id=logged_in.session.user_id)
