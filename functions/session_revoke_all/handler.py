"""POST /auth/sessions/revoke-all: log out everywhere."""

from accounts import settings
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.people.logout import LogoutEverywhere
from accounts.web import responses, routes
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
LOGOUT = LogoutEverywhere(SessionAuthentication(SESSIONS), USERS, DynamoTransactions(SESSIONS, USERS, AUDIT))


@endpoint(routes.SESSION_REVOKE_ALL, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """End all of the person's sessions, this one too."""
    credential = credential_of(request, routes.SESSION_REVOKE_ALL, SETTINGS)
    user_id = LOGOUT.everywhere(credential, request.caller, request.received_at)
    return responses.logged_out(user_id)
