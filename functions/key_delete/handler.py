"""DELETE /customers/api-keys/{id}: end an API key; its next use is refused."""

from accounts import settings, telemetry
from accounts.authorization_server.tokens import AccessTokens
from accounts.aws.outbox import BestEffortOutbox
from accounts.aws.signing import signing_keys
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.keys.key_management import KeyDeletion
from accounts.flows.people.authentication import LoginAuthentication, SessionAuthentication
from accounts.web import responses, routes
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"]))
LOGGED_IN = LoginAuthentication(SESSIONS, AccessTokens(SETTINGS.site_url, signing_keys(SETTINGS).public))
KEYS = ApiKeysTable(SETTINGS["API_KEYS_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
NOTICES = BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed)
KEY_DELETION = KeyDeletion(LOGGED_IN, DynamoTransactions(KEYS, USERS, AUDIT), NOTICES)


@endpoint(routes.KEY_DELETE, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """End the key with that id, if it is the person's own."""
    credential = credential_of(request, routes.KEY_DELETE, SETTINGS)
    key_id = request.path_parameters.get("id", "")
    user_id = KEY_DELETION.delete(credential, key_id, request.caller, request.received_at)
    return responses.no_content(user_id=user_id)
