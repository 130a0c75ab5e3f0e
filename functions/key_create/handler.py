"""POST /customers/api-keys: make an API key; its text is in this answer and never again."""

from accounts import settings, telemetry
from accounts.aws.outbox import BestEffortOutbox
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.keys.key_management import KeyCreation
from accounts.flows.people.authentication import SessionAuthentication
from accounts.web import presenters, responses, routes, schemas
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
KEYS = ApiKeysTable(SETTINGS["API_KEYS_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
NOTICES = BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed)
KEY_CREATION = KeyCreation(SessionAuthentication(SESSIONS), USERS, DynamoTransactions(KEYS, USERS, AUDIT), NOTICES)


@endpoint(routes.KEY_CREATE, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Make a key for a person who logged in recently."""
    credential = credential_of(request, routes.KEY_CREATE, SETTINGS)
    body = request.json(schemas.KeyCreate)
    made = KEY_CREATION.create(credential, body.name, body.description, request.caller, request.received_at)
    shown = {**presenters.api_key(made.api_key), "plaintext_key": made.plaintext}
    return responses.ok({"api_key": shown}, status=201, user_id=made.api_key.user_id)
