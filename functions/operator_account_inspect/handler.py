"""For operators, by direct invocation with {"name", "operator"}: find an account and tell what it holds."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts import deployment, telemetry
from accounts.errors import NotFound
from accounts.flows.operators.operator_requests import OperatorRequest, operator_of, required_text
from accounts.web import inspections

DEPLOYMENT = deployment.load()
INSPECTION = DEPLOYMENT.account_inspection


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, Any]:
    """Show the account; raises NotFound, which the invoking operator sees."""
    operator = operator_of(event)
    # Nothing changes, so the account's history keeps no line; the log does, and never whom an operator looked for.
    try:
        found = INSPECTION.of(required_text(event, "name"), datetime.now(UTC))
    except NotFound:
        telemetry.record("user_not_found", {"operator": operator}, level="info")
        raise
    telemetry.record("user_inspected", OperatorRequest(found.user.user_id, operator).fields, level="info")
    return inspections.document(found)
