"""For operators, by direct invocation with {"user_id", "operator"}: forget an account's failed log-ins in a row."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import settings, telemetry
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.operators.operator_help import AccountUnlocking
from accounts.flows.operators.operator_requests import OperatorRequest

SETTINGS = settings.load()
USERS = UsersTable(SETTINGS["USERS_TABLE"])
THROTTLES = ThrottlesTable(SETTINGS["THROTTLES_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
UNLOCKING = AccountUnlocking(USERS, DynamoTransactions(THROTTLES, AUDIT))


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Unlock the account; raises NotFound, which the invoking operator sees."""
    order = OperatorRequest.read(event)
    UNLOCKING.unlock(order, datetime.now(UTC))
    telemetry.record("authn_login_unlock", order.fields, level="info")
    return {"user_id": order.user_id}
