"""POST /auth/logout: end this session."""

from accounts import settings
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.people.logout import Logout
from accounts.web import credentials, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
LOGOUT = Logout(SessionAuthentication(SESSIONS), DynamoTransactions(SESSIONS, USERS, AUDIT))


@endpoint(routes.LOGOUT, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Log this browser out; one that is not signed in is logged out already."""
    user_id = LOGOUT.here(credentials.session_cookie(request), request.caller, request.received_at)
    return responses.logged_out(user_id or "")
