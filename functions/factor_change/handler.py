"""POST /auth/second-factor/off and POST /auth/second-factor/recovery-codes: turn it off, or replace the codes."""

from accounts import deployment
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response
from accounts.web.second_factors import RecoveryCodes

DEPLOYMENT = deployment.load()
SECOND_FACTOR = DEPLOYMENT.second_factor_management


@endpoint(routes.FACTOR_TURN_OFF, DEPLOYMENT, routes.RECOVERY_CODES_REPLACE)
def lambda_handler(request: Request) -> Response:
    session, caller, now = request.session, request.caller, request.received_at
    code = request.json(schemas.SecondFactorChange).code
    if request.route == routes.FACTOR_TURN_OFF:
        SECOND_FACTOR.turn_off(session, code, caller, now)
        return responses.no_content(user_id=request.user_id)
    codes = SECOND_FACTOR.replace_codes(session, code, caller, now)
    return responses.ok(RecoveryCodes(list(codes)), user_id=request.user_id)
