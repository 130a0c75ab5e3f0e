"""Invoked by operators with {"user_id", "operator"}: end all sessions of an account."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.web.operators import answers_operators

DEPLOYMENT = deployment.load()
LOGOUT = DEPLOYMENT.operator_logout


@answers_operators
def lambda_handler(event: Mapping[str, str]) -> dict[str, Any]:
    asked = OperatorRequest.read(event)
    ended = LOGOUT.everywhere(asked, datetime.now(UTC))
    telemetry.record("session_revoked_all", asked.fields, level="info")
    return {"user_id": asked.user_id, "sessions": ended}
