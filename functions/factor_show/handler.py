"""GET /auth/second-factor: whether the account has a second factor."""

from accounts import deployment
from accounts.web import responses, routes, second_factors
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
SECOND_FACTOR_STATUS = DEPLOYMENT.second_factor_status


@endpoint(routes.FACTOR_SHOW, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    found = SECOND_FACTOR_STATUS.of_account(request.user_id, request.received_at)
    return responses.ok(second_factors.shown(found, request.caller.known_browser), user_id=request.user_id)
