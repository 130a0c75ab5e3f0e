"""For operators, by direct invocation with {"user_id", "operator"}: open a disabled account again."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import settings, telemetry
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.operators.account_status import AccountEnabling
from accounts.flows.operators.operator_requests import OperatorRequest

SETTINGS = settings.load()
USERS = UsersTable(SETTINGS["USERS_TABLE"])
IDENTITIES = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
ENABLING = AccountEnabling(USERS, DynamoTransactions(USERS, IDENTITIES, AUDIT))


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Enable the account; raises NotFound, which the invoking operator sees."""
    order = OperatorRequest.read(event)
    ENABLING.enable(order, datetime.now(UTC))
    telemetry.record("user_enabled", order.fields, level="info")
    return {"user_id": order.user_id, "status": "active"}
