"""For operators, by direct invocation with {"user_id", "operator"}: open a disabled account again."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest

DEPLOYMENT = deployment.load()
ENABLING = DEPLOYMENT.account_enabling


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Enable the account; raises NotFound, which the invoking operator sees."""
    asked = OperatorRequest.read(event)
    ENABLING.enable(asked, datetime.now(UTC))
    telemetry.record("user_enabled", asked.fields, level="info")
    return {"user_id": asked.user_id, "status": "active"}
