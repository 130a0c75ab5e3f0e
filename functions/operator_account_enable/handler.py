"""Invoked by operators with {"user_id", "operator"}: enable a disabled account."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest

DEPLOYMENT = deployment.load()
ENABLING = DEPLOYMENT.account_enabling


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Raises NotFound, which the operator sees."""
    asked = OperatorRequest.read(event)
    ENABLING.enable(asked, datetime.now(UTC))
    telemetry.record("user_enabled", asked.fields, level="info")
    return {"user_id": asked.user_id, "status": "active"}
