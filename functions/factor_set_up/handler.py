"""POST /auth/second-factor/setup and POST /auth/second-factor: turn the second factor on."""

from accounts import deployment
from accounts.web import factor_schemas, responses, routes, second_factors
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response
from accounts.web.second_factors import RecoveryCodes

DEPLOYMENT = deployment.load()
SECOND_FACTOR_SETUP = DEPLOYMENT.second_factor_setup


@endpoint(routes.FACTOR_CONFIRM, DEPLOYMENT, routes.FACTOR_START)
def lambda_handler(request: Request) -> Response:
    session, caller, now = request.session, request.caller, request.received_at
    if request.route == routes.FACTOR_START:
        started = SECOND_FACTOR_SETUP.start(session, now)
        shown = second_factors.setup(started, DEPLOYMENT.totp, DEPLOYMENT.settings)
        return responses.ok(shown, user_id=request.user_id)
    body = request.json(factor_schemas.SecondFactorConfirm)
    codes = SECOND_FACTOR_SETUP.confirm(session, body.setup, body.code, caller, now)
    return responses.ok(RecoveryCodes(list(codes)), user_id=request.user_id)
