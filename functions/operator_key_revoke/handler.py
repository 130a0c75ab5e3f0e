"""For operators, by direct invocation with {"user_id", "api_key": its id, "operator"}: end an API key that leaked."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import settings, telemetry
from accounts.aws.outbox import BestEffortOutbox
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.operators.operator_help import KeyRevocation
from accounts.flows.operators.operator_requests import OperatorRequest, said

SETTINGS = settings.load()
KEYS, USERS = ApiKeysTable(SETTINGS["API_KEYS_TABLE"]), UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
NOTICES = BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed)
REVOCATION = KeyRevocation(DynamoTransactions(KEYS, USERS, AUDIT), NOTICES)


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """End the key; raises NotFound, which the invoking operator sees."""
    order, key_id = OperatorRequest.read(event), said(event, "api_key")
    REVOCATION.revoke(order, key_id, datetime.now(UTC))
    telemetry.record("authn_token_revoked", order.fields, level="info")
    return {"user_id": order.user_id, "api_key": key_id}
