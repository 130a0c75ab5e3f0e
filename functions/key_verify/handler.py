"""POST /admin/verify-api-key: another service of this deployment asks whose key it was shown."""

from accounts import settings
from accounts.aws.secrets import AdminSecret
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.users import UsersTable
from accounts.flows.keys.key_verification import KeyVerification
from accounts.flows.people.authentication import KeyLookup
from accounts.web import presenters, responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
THROTTLES = ThrottlesTable(SETTINGS["THROTTLES_TABLE"])
KEYS = ApiKeysTable(SETTINGS["API_KEYS_TABLE"])
SECRET = AdminSecret(SETTINGS["ADMIN_SECRET"])
VERIFICATION = KeyVerification(KeyLookup(KEYS, THROTTLES), UsersTable(SETTINGS["USERS_TABLE"]), SECRET)


@endpoint(routes.KEY_VERIFY, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Tell whose key it is, or that it is worth nothing."""
    secret = request.headers.get("x-comfy-admin-secret", "")
    body = request.json(schemas.KeyVerify)
    user = VERIFICATION.owner(body.api_key, secret, request.caller, request.received_at)
    return responses.ok(presenters.verification(user), user_id=user.user_id if user else "")
