"""Lists and starts jobs of the account that the authorizer found, and says where its tokens come from."""

import json
import os
from collections.abc import Mapping
from typing import Any

SCOPES = {"GET /mcp": "jobs:read", "POST /mcp": "jobs:write"}
METADATA = {
    "resource": os.environ["AUDIENCE"],
    "authorization_servers": [os.environ["ACCOUNTS_URL"]],
    "scopes_supported": list(SCOPES.values()),
    "bearer_methods_supported": ["header"],
}


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer a request that the authorizer has allowed, or the public one for metadata."""
    if event["routeKey"] not in SCOPES:
        return answer(200, METADATA, {"access-control-allow-origin": "*"})
    caller, needed = event["requestContext"]["authorizer"]["lambda"], SCOPES[event["routeKey"]]
    # A session, and an API key that is not restricted, have no scope: they act as the owner.
    is_limited = caller["credential_kind"] == "access_token" or caller["scope"]
    if is_limited and needed not in caller["scope"].split():
        return answer(403, {"error": "insufficient_scope", "scope": needed})
    return answer(200, {"account_id": caller["account_id"], "did": needed})


def answer(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A JSON response."""
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **(headers or {})},
        "body": json.dumps(body),
    }
