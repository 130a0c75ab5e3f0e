"""Invoked by operators with {"user_id", "operator"}: delete an account and everything that belongs to it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.web.operators import answers_operators

DEPLOYMENT = deployment.load()
REMOVAL = DEPLOYMENT.account_removal


@answers_operators
def lambda_handler(event: Mapping[str, str]) -> dict[str, Any]:
    asked = OperatorRequest.read(event)
    REMOVAL.remove(asked, datetime.now(UTC))
    telemetry.record("user_deleted", asked.fields, level="info")
    return {"user_id": asked.user_id, "status": "deleted"}
