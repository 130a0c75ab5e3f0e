"""POST /auth/email/verify: create the account with the emailed token and a proof of the sign-up."""

from accounts import deployment
from accounts.web import credentials, presenters, responses, routes, schemas
from accounts.web.cookies import login_cookies, no_sign_up_cookie
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
EMAIL_VERIFICATION = DEPLOYMENT.email_verification


@endpoint(routes.EMAIL_VERIFY, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body, presented = request.json(schemas.EmailVerify), credentials.session_cookie(request)
    caller, now, proof = request.caller, request.received_at, credentials.sign_up_proof(request)
    logged_in = EMAIL_VERIFICATION.confirm(body.token, body.password, presented, caller, now, proof=proof)
    cookies = (*login_cookies(logged_in), no_sign_up_cookie())
    customer = presenters.customer(logged_in.identity)
    return responses.ok(customer, cookies=cookies, user_id=logged_in.session.user_id)
