"""Invoked by operators with {"user_id", "operator"}: disable an account; its sessions and API keys end."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.web.operators import answers_operators

DEPLOYMENT = deployment.load()
DISABLING = DEPLOYMENT.account_disabling


@answers_operators
def lambda_handler(event: Mapping[str, str]) -> dict[str, Any]:
    asked = OperatorRequest.read(event)
    DISABLING.disable(asked, datetime.now(UTC))
    telemetry.record("user_disabled", asked.fields, level="info")
    return {"user_id": asked.user_id, "status": "disabled"}
