"""Invoked by operators with {"user_id", "operator"}: disable an account; its sessions and API keys end."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest

DEPLOYMENT = deployment.load()
DISABLING = DEPLOYMENT.account_disabling


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Raises NotFound, which the operator sees."""
    asked = OperatorRequest.read(event)
    DISABLING.disable(asked, datetime.now(UTC))
    telemetry.record("user_disabled", asked.fields, level="info")
    return {"user_id": asked.user_id, "status": "disabled"}
