"""DELETE /auth/identities/{id}: unlink Google or GitHub, never the last way in."""

from accounts import settings, telemetry
from accounts.aws.outbox import BestEffortOutbox
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.providers.identity_management import IdentityUnlinking
from accounts.web import responses, routes
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"]))
USERS, IDENTITIES = UsersTable(SETTINGS["USERS_TABLE"]), IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
TRANSACTIONS = DynamoTransactions(USERS, IDENTITIES, AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"]))
NOTICES = BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed)
UNLINKING = IdentityUnlinking(SESSIONS, USERS, IDENTITIES, TRANSACTIONS, NOTICES)


@endpoint(routes.IDENTITY_UNLINK, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Unlink the login with that id, if it is the person's own and not their last."""
    credential = credential_of(request, routes.IDENTITY_UNLINK, SETTINGS)
    identity_id = request.path_parameters.get("id", "")
    user_id = UNLINKING.unlink(credential, identity_id, request.caller, request.received_at)
    return responses.no_content(user_id=user_id)
