"""The response of the Lambda authorizer (HTTP API, payload 2.0, simple responses)."""

from __future__ import annotations

from copy import replace
from datetime import datetime
from typing import Any

from accounts import telemetry
from accounts.errors import AccountsError, Refusal, Unavailable
from accounts.flows.people.authentication import Authentication, Principal
from accounts.settings import Settings
from accounts.web import credentials, requests
from accounts.web.requests import Event, Request
from accounts.web.routes import AUTHORIZE, Route

DENIED: dict[str, Any] = {"isAuthorized": False}


def decide(authentication: Authentication, settings: Settings, event: Event, now: datetime) -> dict[str, Any]:
    """Allow, with the account in the context, or deny.

    Requests come from other APIs, which may not be behind CloudFront: the source address is the one that the gateway
    saw. Raises Unavailable when the store does not answer; the gateway then answers 500, which also denies.
    """
    request = requests.read(event, now)
    try:
        credential = credentials.presented(request, _route(request), settings.site_url)
        principal = authentication.principal(credential, request.caller, now)
    except Refusal as refusal:
        _record(request, refusal.event, error=refusal)
        return DENIED
    except Unavailable as failure:
        _record(request, failure.event, error=failure)
        raise
    _record(request, AUTHORIZE.event, principal.user_id, principal.kind)
    return {"isAuthorized": True, "context": _context(principal)}


def _route(request: Request) -> Route:
    """The other API's route: with a cookie, an unsafe method must come from the service's own pages."""
    return replace(AUTHORIZE, method=request.method)


def _context(principal: Principal) -> dict[str, str]:
    """The fields of ``requestContext.authorizer.lambda`` in the other API's functions; all text."""
    return {
        "account_id": principal.user_id,
        "credential_kind": principal.kind,
        "credential_id": principal.credential_id,
    }


def _record(
    request: Request, event: str, user_id: str = "", method: str = "", error: AccountsError | None = None
) -> None:
    fields: dict[str, str | int] = {
        "function": AUTHORIZE.function,
        "request_id": request.id,
        "source": request.caller.source,
        "user_agent": request.caller.user_agent,
        "user_id": user_id,
        "method": method,
    }
    if error is not None:
        fields |= {"code": error.code, "error": telemetry.describe(error)}
    telemetry.record(event, fields, level="info" if error is None else "warning")
