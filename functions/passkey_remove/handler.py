"""DELETE /auth/passkeys/{id}: remove a passkey, unless it is the last login method."""

from accounts import deployment
from accounts.web import responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PASSKEY_REMOVAL = DEPLOYMENT.passkey_removal


@endpoint(routes.PASSKEY_REMOVE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    passkey_id = request.path_parameters.get("id", "")
    PASSKEY_REMOVAL.remove(request.session, passkey_id, request.caller, request.received_at)
    return responses.no_content(user_id=request.user_id)
