"""GET /auth/activity: what happened to the account lately."""

from accounts import settings
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.sessions import SessionsTable
from accounts.flows.people.activity import ActivityList
from accounts.flows.people.authentication import SessionAuthentication
from accounts.model import clients
from accounts.web import presenters, responses, routes
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"]))
CLIENTS = clients.load(SETTINGS.optional("OAUTH_CLIENTS"))
ACTIVITY = ActivityList(SESSIONS, AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"]))


@endpoint(routes.ACTIVITY_LIST, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """List the latest activity, the newest first."""
    user_id, records = ACTIVITY.of_caller(credential_of(request, routes.ACTIVITY_LIST, SETTINGS), request.received_at)
    return responses.ok({"activity": [presenters.activity(record, CLIENTS) for record in records]}, user_id=user_id)
