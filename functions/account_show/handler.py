"""GET /customers/me: the account behind the credential, whatever its kind."""

from accounts import settings
from accounts.authorization_server.tokens import AccessTokens
from accounts.aws.signing import signing_keys
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.users import UsersTable
from accounts.flows.people.account import AccountLookup
from accounts.flows.people.authentication import Authentication, KeyLookup, LoginAuthentication, SessionAuthentication
from accounts.web import presenters, responses, routes
from accounts.web.endpoint import credential_of, endpoint, kind_of
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"]))
LOGGED_IN = LoginAuthentication(SESSIONS, AccessTokens(SETTINGS.site_url, signing_keys(SETTINGS).public))
KEYS = KeyLookup(ApiKeysTable(SETTINGS["API_KEYS_TABLE"]), ThrottlesTable(SETTINGS["THROTTLES_TABLE"]))
LOOKUP = AccountLookup(Authentication(LOGGED_IN, KEYS), UsersTable(SETTINGS["USERS_TABLE"]))


@endpoint(routes.ACCOUNT_SHOW, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Tell whose credential this is."""
    credential = credential_of(request, routes.ACCOUNT_SHOW, SETTINGS)
    user = LOOKUP.behind(credential, request.caller, request.received_at)
    return responses.ok(presenters.customer(user), user_id=user.user_id, method=kind_of(credential))
