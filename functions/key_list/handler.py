"""GET /customers/api-keys: the person's API keys, without their text."""

from accounts import settings
from accounts.authorization_server.tokens import AccessTokens
from accounts.aws.signing import signing_keys
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.sessions import SessionsTable
from accounts.flows.keys.key_management import KeyList
from accounts.flows.people.authentication import LoginAuthentication, SessionAuthentication
from accounts.web import presenters, responses, routes
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"]))
LOGGED_IN = LoginAuthentication(SESSIONS, AccessTokens(SETTINGS.site_url, signing_keys(SETTINGS).public))
KEY_LIST = KeyList(LOGGED_IN, ApiKeysTable(SETTINGS["API_KEYS_TABLE"]))


@endpoint(routes.KEY_LIST, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """List the keys, the newest first."""
    user_id, keys = KEY_LIST.of_caller(credential_of(request, routes.KEY_LIST, SETTINGS), request.received_at)
    return responses.ok({"api_keys": [presenters.api_key(key) for key in keys]}, user_id=user_id)
