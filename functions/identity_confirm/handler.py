"""POST /auth/identities/confirm: confirm, with the emailed token, an address that the provider had not verified."""

from accounts import deployment
from accounts.web import credentials, presenters, provider_login, responses, routes, schemas
from accounts.web.cookies import login_cookies
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PROVIDER_VERIFICATION = DEPLOYMENT.provider_verification


@endpoint(routes.IDENTITY_CONFIRM, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    token, browsers = request.json(schemas.IdentityConfirm).token, provider_login.browsers(request)
    presented = credentials.session_cookie(request)
    logged_in = PROVIDER_VERIFICATION.confirm(token, browsers, presented, request.caller, request.received_at)
    customer, cookies = presenters.customer(logged_in.identity), login_cookies(logged_in)
    return responses.ok(customer, cookies=cookies, user_id=logged_in.session.user_id)
