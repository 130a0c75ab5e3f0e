"""For operators, by direct invocation with {"user_id", "operator"}: take a password out of use that others know."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest

DEPLOYMENT = deployment.load()
REVOCATION = DEPLOYMENT.password_revocation


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Revoke the password; raises NotFound or PasswordMissing, which the invoking operator sees."""
    asked = OperatorRequest.read(event)
    REVOCATION.revoke(asked, datetime.now(UTC))
    telemetry.record("authn_password_revoked", asked.fields, level="info")
    return {"user_id": asked.user_id, "password": "revoked"}
