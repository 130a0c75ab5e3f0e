"""For operators, by direct invocation with {"user_id", "operator"}: end all sessions of an account."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import settings, telemetry
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.operators.operator_help import OperatorLogout
from accounts.flows.operators.operator_requests import OperatorRequest

SETTINGS = settings.load()
USERS = UsersTable(SETTINGS["USERS_TABLE"])
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
LOGOUT = OperatorLogout(USERS, DynamoTransactions(USERS, SESSIONS, AUDIT))


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str | int]:
    """End them all; raises NotFound, which the invoking operator sees."""
    order = OperatorRequest.read(event)
    ended = LOGOUT.everywhere(order, datetime.now(UTC))
    telemetry.record("session_revoked_all", order.fields, level="info")
    return {"user_id": order.user_id, "sessions": ended}
