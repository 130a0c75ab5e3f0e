"""Invoked by operators with {"user_id", "operator"}: reset an account's count of failed logins."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.web.operators import answers_operators

DEPLOYMENT = deployment.load()
UNLOCKING = DEPLOYMENT.account_unlocking


@answers_operators
def lambda_handler(event: Mapping[str, str]) -> dict[str, Any]:
    asked = OperatorRequest.read(event)
    UNLOCKING.unlock(asked, datetime.now(UTC))
    telemetry.record("authn_login_unlock", asked.fields, level="info")
    return {"user_id": asked.user_id}
