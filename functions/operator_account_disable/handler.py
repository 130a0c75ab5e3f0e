"""For operators, by direct invocation with {"user_id", "operator"}: shut an account, end its sessions and keys."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest

DEPLOYMENT = deployment.load()
DISABLING = DEPLOYMENT.account_disabling


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Disable the account; raises NotFound, which the invoking operator sees."""
    asked = OperatorRequest.read(event)
    DISABLING.disable(asked, datetime.now(UTC))
    telemetry.record("user_disabled", asked.fields, level="info")
    return {"user_id": asked.user_id, "status": "disabled"}
