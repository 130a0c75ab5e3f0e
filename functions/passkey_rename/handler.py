"""PATCH /auth/passkeys/{id}: rename a passkey."""

from accounts import deployment
from accounts.web import passkey_schemas, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PASSKEY_RENAMING = DEPLOYMENT.passkey_renaming


@endpoint(routes.PASSKEY_RENAME, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    passkey_id, name = request.path_parameters.get("id", ""), request.json(passkey_schemas.PasskeyRename).name
    PASSKEY_RENAMING.rename(request.user_id, passkey_id, name)
    return responses.no_content(user_id=request.user_id)
