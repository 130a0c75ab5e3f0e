"""What API Gateway sends to a Lambda authorizer, and the answer that it expects.

An HTTP API sends payload 2.0 and expects a simple response, or a policy if its stage says so. REST APIs, WebSocket APIs
and payload 1.0 send a ``methodArn`` and expect a policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.model import api_keys
from accounts.web.requests import Event

# Variables of the stage, which callers cannot set: the audience to guard, and the form of the answer.
AUDIENCE, RESPONSE, POLICY = "comfyAudience", "comfyResponse", "policy"
# The principal of a denied request, which has no account.
NOBODY = "denied"
# Opening a WebSocket can change something, unlike a GET, which it is for browsers: pages of other sites may try it.
_CONNECT = "CONNECT"


def stage_variable(event: Event, name: str) -> str:
    return str((event.get("stageVariables") or {}).get(name) or "")


def normalized(event: Event) -> Event:
    """The event in the form of payload 2.0."""
    if "methodArn" not in event:
        return event
    context = event.get("requestContext") or {}
    source = (context.get("identity") or {}).get("sourceIp")
    return {
        "rawPath": event.get("path"),
        "headers": _token(str(event["authorizationToken"])) if "authorizationToken" in event else _headers(event),
        "requestContext": {
            "requestId": context.get("requestId"),
            "http": {"method": _method(event, context), "sourceIp": source},
        },
    }


def allowed(event: Event, account_id: str, context: Mapping[str, str], *, everywhere: bool) -> dict[str, Any]:
    """``everywhere``: the decision does not depend on the request's method and path, so that a cache may keep it."""
    arn = _policy_arn(event)
    if not arn:
        return {"isAuthorized": True, "context": context}
    resource = f"{'/'.join(arn.split('/')[:2])}/*" if everywhere else arn
    return _policy(account_id, "Allow", resource) | {"context": context}


def denied(event: Event) -> dict[str, Any]:
    arn = _policy_arn(event)
    return _policy(NOBODY, "Deny", arn) if arn else {"isAuthorized": False}


def _policy_arn(event: Event) -> str:
    """What a policy would be about; empty when a simple response is expected."""
    if stage_variable(event, RESPONSE) == POLICY and "routeArn" in event:
        return str(event["routeArn"])
    return str(event.get("methodArn") or "")


def _policy(principal: str, effect: str, resource: str) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def _method(event: Event, context: Mapping[str, Any]) -> str:
    if context.get("eventType") == _CONNECT:
        return _CONNECT
    method = event.get("httpMethod") or context.get("httpMethod")
    # A TOKEN event has it in its ARN only: arn:aws:execute-api:region:account:api/stage/METHOD/path.
    return str(method or "".join(str(event["methodArn"]).split("/")[2:3]))


def _token(text: str) -> dict[str, str]:
    """The header that a TOKEN event has; it may be ``X-API-KEY``."""
    return {"x-api-key" if text.startswith(api_keys.PREFIX) else "authorization": text}


def _headers(event: Event) -> dict[str, str]:
    """Repeated headers joined, as an HTTP API joins them, so that none hides another (ASVS 15.3.7)."""
    single = {name: [value] for name, value in (event.get("headers") or {}).items()}
    found: dict[str, list[str]] = {}
    for name, values in (event.get("multiValueHeaders") or single).items():
        found.setdefault(name.lower(), []).extend(values)
    return {name: ("; " if name == "cookie" else ",").join(values) for name, values in found.items()}
