"""Rotate an API key.

POST /customers/api-keys/{id}/rotate gives it a new secret, which only this response contains.
DELETE /customers/api-keys/{id}/old-secret ends the old one.
"""

from accounts import deployment
from accounts.web import credentials, key_presenters, key_schemas, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
KEY_ROTATION = DEPLOYMENT.key_rotation


@endpoint(routes.KEY_ROTATE, DEPLOYMENT, routes.KEY_END_OLD)
def lambda_handler(request: Request) -> Response:
    key_id, caller, now = request.path_parameters.get("id", ""), request.caller, request.received_at
    if request.route == routes.KEY_END_OLD:
        KEY_ROTATION.end_old(request.session, key_id, caller, now)
        return responses.no_content(user_id=request.user_id)
    days = request.json(key_schemas.KeyRotate).overlap_days
    new = KEY_ROTATION.rotate(request.session, key_id, days, caller, now, read=credentials.named_key(request))
    return responses.ok(key_presenters.created_key(new.listed, new.plaintext), status=201, user_id=request.user_id)
