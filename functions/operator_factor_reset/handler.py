"""Invoked by operators with {"user_id", "operator"}: request a reset of the second factor, in 24 hours.

With {"cancel": "yes"}, cancel it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.web.operators import answers_operators
from accounts.web.timestamps import timestamp

DEPLOYMENT = deployment.load()
RESET = DEPLOYMENT.factor_reset


@answers_operators
def lambda_handler(event: Mapping[str, str]) -> dict[str, Any]:
    asked, now = OperatorRequest.read(event), datetime.now(UTC)
    if "cancel" in event:
        is_cancelled = RESET.cancel(asked, now)
        if is_cancelled:
            telemetry.record("authn_second_factor_reset_cancelled", asked.fields, level="info")
        return {"user_id": asked.user_id, "cancelled": is_cancelled}
    requested = RESET.request(asked, now)
    if requested.is_new:
        telemetry.record("authn_second_factor_reset_requested", asked.fields, level="info")
    return {"user_id": asked.user_id, "reset_at": timestamp(requested.reset_at), "requested": requested.is_new}
