"""For operators, by direct invocation with {"user_id", "operator"}: shut an account, end its sessions and keys."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import settings, telemetry
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.operators.account_status import AccountDisabling
from accounts.flows.operators.operator_requests import OperatorRequest

SETTINGS = settings.load()
USERS = UsersTable(SETTINGS["USERS_TABLE"])
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
KEYS = ApiKeysTable(SETTINGS["API_KEYS_TABLE"])
IDENTITIES = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
DISABLING = AccountDisabling(USERS, DynamoTransactions(USERS, SESSIONS, KEYS, IDENTITIES, AUDIT))


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Disable the account; raises NotFound, which the invoking operator sees."""
    order = OperatorRequest.read(event)
    DISABLING.disable(order, datetime.now(UTC))
    telemetry.record("user_disabled", order.fields, level="info")
    return {"user_id": order.user_id, "status": "disabled"}
