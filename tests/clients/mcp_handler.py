"""A small MCP server behind the authorizer: one tool, which says who the authorizer found."""

import json
from collections.abc import Mapping
from typing import Any

_TOOL = {"name": "who_am_i", "description": "Says whose account this is.", "inputSchema": {"type": "object"}}


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer JSON-RPC over HTTP, without streams and sessions."""
    if event["httpMethod"] != "POST":
        return {"statusCode": 405, "body": ""}
    asked = json.loads(event["body"])
    if "id" not in asked:
        return {"statusCode": 202, "body": ""}
    body = {"jsonrpc": "2.0", "id": asked["id"], **_outcome(asked, event["requestContext"]["authorizer"])}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def _outcome(asked: Mapping[str, Any], caller: Mapping[str, str]) -> dict[str, Any]:
    match asked["method"]:
        case "initialize":
            version = asked["params"]["protocolVersion"]
            about = {"name": "a small server", "version": "1"}
            return {"result": {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about}}
        case "tools/list":
            return {"result": {"tools": [_TOOL]}}
        case "tools/call":
            said = {name: caller[name] for name in ("account_id", "credential_kind", "scope")}
            return {"result": {"content": [{"type": "text", "text": json.dumps(said)}]}}
        case _:
            return {"error": {"code": -32601, "message": "Method not found"}}
