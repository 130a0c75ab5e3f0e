"""For operators, by direct invocation with {"user_id": "..."}: shut an account and end its sessions and keys."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import settings, telemetry
from accounts.account import AccountDisabling
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable

SETTINGS = settings.load()
USERS = UsersTable(SETTINGS["USERS_TABLE"])
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
KEYS = ApiKeysTable(SETTINGS["API_KEYS_TABLE"])
IDENTITIES = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
DISABLING = AccountDisabling(USERS, DynamoTransactions(USERS, SESSIONS, KEYS, IDENTITIES, AUDIT))


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Disable the account; raises NotFound, which the invoking operator sees."""
    DISABLING.disable(event["user_id"], datetime.now(UTC))
    telemetry.record("user_disabled", {"user_id": event["user_id"]}, level="info")
    return {"user_id": event["user_id"], "status": "disabled"}
