"""DELETE /auth/identities/{id}: unlink Google or GitHub, unless it is the last identity."""

from accounts import deployment
from accounts.web import responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
IDENTITY_UNLINKING = DEPLOYMENT.identity_unlinking


@endpoint(routes.IDENTITY_UNLINK, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    identity_id = request.path_parameters.get("id", "")
    IDENTITY_UNLINKING.unlink(request.session, identity_id, request.caller, request.received_at)
    return responses.no_content(user_id=request.user_id)
