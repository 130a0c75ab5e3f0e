"""Invoked by operators with {"user_id", "api_key": its id, "operator"}: revoke a leaked API key."""

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest, required_text

DEPLOYMENT = deployment.load()
REVOCATION = DEPLOYMENT.key_revocation


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, str]:
    """Raises NotFound, which the operator sees."""
    asked, key_id = OperatorRequest.read(event), required_text(event, "api_key")
    REVOCATION.revoke(asked, key_id, datetime.now(UTC))
    telemetry.record("authn_token_revoked", asked.fields, level="info")
    return {"user_id": asked.user_id, "api_key": key_id}
