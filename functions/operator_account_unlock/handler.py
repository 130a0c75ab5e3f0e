"""Invoked by operators with {"user_id", "operator"}: reset an account's count of failed logins."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest

DEPLOYMENT = deployment.load()
UNLOCKING = DEPLOYMENT.account_unlocking


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Raises NotFound, which the operator sees."""
    asked = OperatorRequest.read(event)
    UNLOCKING.unlock(asked, datetime.now(UTC))
    telemetry.record("authn_login_unlock", asked.fields, level="info")
    return {"user_id": asked.user_id}
