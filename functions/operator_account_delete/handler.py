"""Invoked by operators with {"user_id", "operator"}: delete an account and everything that belongs to it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest

DEPLOYMENT = deployment.load()
REMOVAL = DEPLOYMENT.account_removal


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Raises NotFound, which the operator sees."""
    asked = OperatorRequest.read(event)
    REMOVAL.remove(asked, datetime.now(UTC))
    telemetry.record("user_deleted", asked.fields, level="info")
    return {"user_id": asked.user_id, "status": "deleted"}
