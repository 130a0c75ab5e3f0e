"""For operators, by direct invocation with {"user_id", "operator"}: take a password out of use that others know."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import settings, telemetry
from accounts.aws.outbox import BestEffortOutbox
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.operators.operator_help import PasswordRevocation
from accounts.flows.operators.operator_requests import OperatorRequest

SETTINGS = settings.load()
USERS, IDENTITIES = UsersTable(SETTINGS["USERS_TABLE"]), IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
SESSIONS, AUDIT = SessionsTable(SETTINGS["SESSIONS_TABLE"]), AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
NOTICES = BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed)
REVOCATION = PasswordRevocation(USERS, IDENTITIES, DynamoTransactions(USERS, IDENTITIES, SESSIONS, AUDIT), NOTICES)


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Revoke the password; raises NotFound or PasswordMissing, which the invoking operator sees."""
    order = OperatorRequest.read(event)
    REVOCATION.revoke(order, datetime.now(UTC))
    telemetry.record("authn_password_revoked", order.fields, level="info")
    return {"user_id": order.user_id, "password": "revoked"}
