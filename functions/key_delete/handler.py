"""DELETE /customers/api-keys/{id}: delete an API key, with effect on the next request."""

from accounts import deployment
from accounts.web import credentials, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
KEY_DELETION = DEPLOYMENT.key_deletion


@endpoint(routes.KEY_DELETE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    key_id = request.path_parameters.get("id", "")
    KEY_DELETION.delete(
        request.user_id, key_id, request.caller, request.received_at, read=credentials.named_key(request)
    )
    return responses.no_content(user_id=request.user_id)
