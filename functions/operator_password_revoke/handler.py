"""Invoked by operators with {"user_id", "operator"}: disable a leaked password."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.web.operators import answers_operators

DEPLOYMENT = deployment.load()
REVOCATION = DEPLOYMENT.password_revocation


@answers_operators
def lambda_handler(event: Mapping[str, str]) -> dict[str, Any]:
    asked = OperatorRequest.read(event)
    REVOCATION.revoke(asked, datetime.now(UTC))
    telemetry.record("authn_password_revoked", asked.fields, level="info")
    return {"user_id": asked.user_id, "password": "revoked"}
