"""Invoked by operators with {"user_id", "operator"}: disable a leaked password."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest

DEPLOYMENT = deployment.load()
REVOCATION = DEPLOYMENT.password_revocation


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Raises NotFound or PasswordMissing, which the operator sees."""
    asked = OperatorRequest.read(event)
    REVOCATION.revoke(asked, datetime.now(UTC))
    telemetry.record("authn_password_revoked", asked.fields, level="info")
    return {"user_id": asked.user_id, "password": "revoked"}
