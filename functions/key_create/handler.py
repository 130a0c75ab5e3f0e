"""POST /customers/api-keys: create an API key. Only this response contains its text."""

from accounts import deployment
from accounts.web import key_presenters, key_schemas, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
KEY_CREATION = DEPLOYMENT.key_creation


@endpoint(routes.KEY_CREATE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body = request.json(key_schemas.KeyCreate)
    made = KEY_CREATION.create(request.session, body.details, request.caller, request.received_at)
    created = key_presenters.created_key(made.listed, made.plaintext)
    return responses.ok(created, status=201, user_id=made.api_key.user_id)
