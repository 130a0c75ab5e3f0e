"""POST /auth/second-factor/off, .../recovery-codes, DELETE .../browsers/{id}, .../reset: change the second factor."""

from accounts import deployment
from accounts.web import factor_schemas, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response
from accounts.web.second_factors import RecoveryCodes

DEPLOYMENT = deployment.load()
SECOND_FACTOR, TRUST = DEPLOYMENT.second_factor_management, DEPLOYMENT.trust_revocation
RESET = DEPLOYMENT.reset_cancellation


@endpoint(
    routes.FACTOR_TURN_OFF,
    DEPLOYMENT,
    routes.RECOVERY_CODES_REPLACE,
    routes.TRUST_REVOKE,
    routes.FACTOR_RESET_CANCEL,
)
def lambda_handler(request: Request) -> Response:
    session, caller, now = request.session, request.caller, request.received_at
    if request.route == routes.TRUST_REVOKE:
        TRUST.end(request.user_id, request.path_parameters.get("id", "").split(","), caller, now)
        return responses.no_content(user_id=request.user_id)
    if request.route == routes.FACTOR_RESET_CANCEL:
        RESET.cancel(session, caller, now)
        return responses.no_content(user_id=request.user_id)
    code = request.json(factor_schemas.SecondFactorChange).code
    if request.route == routes.FACTOR_TURN_OFF:
        SECOND_FACTOR.turn_off(session, code, caller, now)
        return responses.no_content(user_id=request.user_id)
    codes = SECOND_FACTOR.replace_codes(session, code, caller, now)
    return responses.ok(RecoveryCodes(list(codes)), user_id=request.user_id)
