"""PATCH /customers/api-keys/{id}: rename an API key, or describe it."""

from accounts import deployment
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
KEY_DESCRIPTION = DEPLOYMENT.key_description


@endpoint(routes.KEY_UPDATE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    name, description = request.json(schemas.KeyUpdate).given
    KEY_DESCRIPTION.change(request.user_id, request.path_parameters.get("id", ""), name, description)
    return responses.no_content(user_id=request.user_id)
