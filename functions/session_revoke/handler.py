"""DELETE /auth/sessions/{id}: log one device out."""

from accounts import settings
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.people.logout import SessionRevocation
from accounts.web import responses, routes
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
LOGOUT = SessionRevocation(SessionAuthentication(SESSIONS), DynamoTransactions(SESSIONS, USERS, AUDIT))


@endpoint(routes.SESSION_REVOKE, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """End the session with that id, if it is the person's own."""
    credential = credential_of(request, routes.SESSION_REVOKE, SETTINGS)
    session_id = request.path_parameters.get("id", "")
    user_id = LOGOUT.end(credential, session_id, request.caller, request.received_at)
    return responses.no_content(user_id=user_id)
