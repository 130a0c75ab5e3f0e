"""PATCH /customers/api-keys/{id}: rename an API key, describe it, or change its networks or scopes."""

from accounts import deployment
from accounts.web import credentials, key_schemas, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
KEY_DESCRIPTION = DEPLOYMENT.key_description


@endpoint(routes.KEY_UPDATE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    edit, key_id = request.json(key_schemas.KeyUpdate).edit, request.path_parameters.get("id", "")
    KEY_DESCRIPTION.change(
        request.session, key_id, edit, request.caller, request.received_at, read=credentials.named_key(request)
    )
    return responses.no_content(user_id=request.user_id)
