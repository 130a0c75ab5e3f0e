"""Invoked by operators with {"user_id", "api_key": its id, "operator"}: revoke an API key.

With {"leaked": "yes", "url": where it was found, or empty}, the owner is told that others can know it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts import deployment, telemetry
from accounts.flows.operators.operator_requests import OperatorRequest, required_text
from accounts.model.leak_reports import Leak, shown_url
from accounts.web.operators import answers_operators

DEPLOYMENT = deployment.load()
REVOCATION = DEPLOYMENT.key_revocation


@answers_operators
def lambda_handler(event: Mapping[str, str]) -> dict[str, Any]:
    asked, key_id, leaked = OperatorRequest.read(event), required_text(event, "api_key"), "leaked" in event
    if leaked:
        REVOCATION.revoke_leaked(asked, Leak(key_id, shown_url(event.get("url", ""))), datetime.now(UTC))
    else:
        REVOCATION.revoke(asked, key_id, datetime.now(UTC))
    telemetry.record("authn_token_leaked" if leaked else "authn_token_revoked", asked.fields, level="info")
    return {"user_id": asked.user_id, "api_key": key_id}
