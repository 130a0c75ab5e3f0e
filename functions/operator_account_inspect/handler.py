"""For operators, by direct invocation with {"name", "operator"}: find an account and tell what it holds."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts import settings, telemetry
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.users import UsersTable
from accounts.errors import NotFound
from accounts.flows.operators.account_inspection import AccountInspection
from accounts.flows.operators.operator_requests import OperatorRequest, operator_of, said
from accounts.web import inspections

SETTINGS = settings.load()
USERS, IDENTITIES = UsersTable(SETTINGS["USERS_TABLE"]), IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
SESSIONS, KEYS = SessionsTable(SETTINGS["SESSIONS_TABLE"]), ApiKeysTable(SETTINGS["API_KEYS_TABLE"])
AUDIT, THROTTLES = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"]), ThrottlesTable(SETTINGS["THROTTLES_TABLE"])
INSPECTION = AccountInspection(USERS, IDENTITIES, SESSIONS, KEYS, AUDIT, THROTTLES)


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, Any]:
    """Show the account; raises NotFound, which the invoking operator sees."""
    operator = operator_of(event)
    # Nothing changes, so the account's history keeps no line; the log does, and never whom an operator looked for.
    try:
        found = INSPECTION.of(said(event, "name"), datetime.now(UTC))
    except NotFound:
        telemetry.record("user_not_found", {"operator": operator}, level="info")
        raise
    telemetry.record("user_inspected", OperatorRequest(found.user.user_id, operator).fields, level="info")
    return inspections.document(found)
