"""Invoked by operators with {"name", "operator"}: find an account and show what belongs to it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts import deployment, telemetry
from accounts.errors import NotFound
from accounts.flows.operators.operator_requests import OperatorRequest, operator_of, required_text
from accounts.web import inspections
from accounts.web.operators import answers_operators

DEPLOYMENT = deployment.load()
INSPECTION = DEPLOYMENT.account_inspection


@answers_operators
def lambda_handler(event: Mapping[str, str]) -> dict[str, Any]:
    operator = operator_of(event)
    # Looking changes nothing, so only the log records it, without the name that the operator searched for.
    try:
        found = INSPECTION.of(required_text(event, "name"), datetime.now(UTC))
    except NotFound:
        telemetry.record("user_not_found", {"operator": operator}, level="info")
        raise
    telemetry.record("user_inspected", OperatorRequest(found.user.user_id, operator).fields, level="info")
    return inspections.document(found)
