"""POST /admin/verify-api-key: tell another service of this deployment which account an API key belongs to."""

from accounts import deployment
from accounts.flows.keys.key_verification import Verified
from accounts.web import key_presenters, key_schemas, requests, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
KEY_VERIFICATION = DEPLOYMENT.key_verification


@endpoint(routes.KEY_VERIFY, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body = request.json(key_schemas.KeyVerify)
    brought_by = requests.named_caller(body.source, body.user_agent)
    found = KEY_VERIFICATION.verified(body.api_key, brought_by, request.received_at, body.scopes or ())
    user_id = found.owner.user_id if isinstance(found, Verified) else ""
    return responses.ok(key_presenters.verification(found), user_id=user_id)
