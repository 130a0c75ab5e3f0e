"""POST /oauth/token: a program exchanges what a person gave it for tokens."""

from accounts import settings, telemetry
from accounts.authorization_server.token import Stories, TokenEndpoint
from accounts.aws.outbox import BestEffortOutbox
from accounts.aws.signing import signing_keys
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.clients.client_login import ClientLogin
from accounts.flows.clients.client_sessions import ClientSessions
from accounts.flows.clients.device_login import DeviceLogin
from accounts.flows.clients.token_refresh import TokenRefresh
from accounts.flows.people.session_opening import SessionOpening
from accounts.model import clients, sessions
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
OPENING = ClientSessions(
    SessionOpening(USERS, SESSIONS, WRITES, sessions.lengths_of(SETTINGS)), KEYS, SETTINGS.site_url
)
KNOWN = clients.load(SETTINGS.optional("OAUTH_CLIENTS"))
NOTICES = BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed, rarely=True)
LOGIN = ClientLogin(TOKENS, OPENING, WRITES, THROTTLES, KNOWN, NOTICES)
REFRESH = TokenRefresh(SESSIONS, USERS, WRITES, THROTTLES, KEYS, SETTINGS.site_url)
STORIES = Stories(login=LOGIN, refresh=REFRESH, device=DeviceLogin(LOGIN, THROTTLES))
ENDPOINT = TokenEndpoint(KNOWN, STORIES, SETTINGS.site_url)


@endpoint(routes.CLIENT_TOKEN, SETTINGS, refused=oauth_server.refused)
def lambda_handler(request: Request) -> Response:
    """Exchange a code, a device code or a refresh token, once."""
    form = oauth_server.form(request)
    return oauth_server.tokens(ENDPOINT.tokens(form, request.caller, request.received_at), form["grant_type"])
