"""POST /oauth/token: a program exchanges what a person gave it for tokens."""

from accounts import clients, sessions, settings, telemetry
from accounts.authorization_server.token import Stories, TokenEndpoint
from accounts.aws.outbox import BestEffortOutbox
from accounts.aws.signing import signing_keys
from accounts.client_sessions import ClientSessions
from accounts.client_sign_in import ClientSignIn
from accounts.device_sign_in import DeviceSignIn
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.session_opening import SessionOpening
from accounts.token_refresh import TokenRefresh
from accounts.web import oauth_server, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
KEYS = signing_keys(SETTINGS)
USERS, SESSIONS = UsersTable(SETTINGS["USERS_TABLE"]), SessionsTable(SETTINGS["SESSIONS_TABLE"])
TOKENS = OneTimeTokensTable(SETTINGS["ONE_TIME_TOKENS_TABLE"])
THROTTLES = ThrottlesTable(SETTINGS["THROTTLES_TABLE"])
WRITES = DynamoTransactions(USERS, SESSIONS, TOKENS, AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"]))
LENGTHS = sessions.lengths_of(SETTINGS)
OPENING = ClientSessions(SessionOpening(USERS, SESSIONS, WRITES, LENGTHS), KEYS, SETTINGS.site_url)
KNOWN = clients.load(SETTINGS.optional("OAUTH_CLIENTS"))
NOTICES = BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed, rarely=True)
SIGN_IN = ClientSignIn(TOKENS, OPENING, WRITES, THROTTLES, KNOWN, NOTICES)
STORIES = Stories(
    sign_in=SIGN_IN,
    refresh=TokenRefresh(SESSIONS, USERS, WRITES, THROTTLES, KEYS, SETTINGS.site_url),
    device=DeviceSignIn(SIGN_IN, THROTTLES),
)
ENDPOINT = TokenEndpoint(KNOWN, STORIES, SETTINGS.site_url)


@endpoint(routes.OAUTH_TOKEN, SETTINGS, refused=oauth_server.refused)
def lambda_handler(request: Request) -> Response:
    """Exchange a code, a device code or a refresh token, once."""
    form = oauth_server.form(request)
    return oauth_server.tokens(ENDPOINT.tokens(form, request.caller, request.received_at), form["grant_type"])
