"""POST /oauth/revoke: a program signs out."""

from accounts import settings
from accounts.authorization_server.revocation import RevocationEndpoint
from accounts.authorization_server.tokens import AccessTokens
from accounts.aws.signing import signing_keys
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.clients.token_revocation import TokenRevocation
from accounts.model import clients
from accounts.web import oauth_server, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
WRITES = DynamoTransactions(
    SESSIONS, UsersTable(SETTINGS["USERS_TABLE"]), AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
)
TOKENS = AccessTokens(SETTINGS.site_url, signing_keys(SETTINGS).public)
KNOWN = clients.load(SETTINGS.optional("OAUTH_CLIENTS"))
ENDPOINT = RevocationEndpoint(KNOWN, TokenRevocation(SESSIONS, TOKENS, WRITES))


@endpoint(routes.CLIENT_REVOKE, SETTINGS, refused=oauth_server.refused)
def lambda_handler(request: Request) -> Response:
    """End the session of the token; 200 whatever it was worth (RFC 7009 2.2)."""
    return responses.ok({}, user_id=ENDPOINT.revoke(oauth_server.form(request), request.caller, request.received_at))
