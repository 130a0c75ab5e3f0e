"""POST /auth/logout: end this session."""

from accounts import settings
from accounts.authentication import SessionAuthentication
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.sign_out import SignOut
from accounts.web import credentials, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
SIGN_OUT = SignOut(SessionAuthentication(SESSIONS), DynamoTransactions(SESSIONS, USERS, AUDIT))


@endpoint(routes.LOGOUT, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Log this browser out; one that is not signed in is logged out already."""
    user_id = SIGN_OUT.here(credentials.session_cookie(request), request.caller, request.received_at)
    return responses.signed_out(user_id or "")
