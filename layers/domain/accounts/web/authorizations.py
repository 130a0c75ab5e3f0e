"""The decision of the Lambda authorizer."""

from __future__ import annotations

from collections.abc import Mapping
from copy import replace
from datetime import datetime
from typing import Any

from msgspec import Struct

from accounts import telemetry
from accounts.errors import AccountsError, ConfigurationError, Refusal, Unavailable
from accounts.flows.people.authentication import API_KEY, SESSION, Authentication, Principal
from accounts.model import assurance
from accounts.model.resources import Resource
from accounts.model.sessions import Session
from accounts.settings import Settings
from accounts.web import authorizer_events, credentials, requests
from accounts.web.requests import Event, Request
from accounts.web.routes import AUTHORIZE, Route


class Guard(Struct, frozen=True):
    """What the authorizer guards: a resource, and how its callers are authenticated."""

    authentication: Authentication
    resource: Resource


# By audience; the default under an empty text.
Guards = Mapping[str, Guard]


def decide(guards: Guards, settings: Settings, event: Event, now: datetime) -> dict[str, Any]:
    """Allow, with the account in the context, or deny, as the event's API expects it.

    Requests come from other APIs, which may not be behind CloudFront: the source address is the one that the gateway
    saw. Raises Unavailable when the store does not answer, and ConfigurationError when the stage names an audience that
    is not configured; the gateway then answers 500, which also denies.
    """
    guard = _guard(guards, authorizer_events.stage_variable(event, authorizer_events.AUDIENCE))
    request = requests.read(authorizer_events.normalized(event), now)
    try:
        credential = credentials.presented(request, _route(request), settings.site_url)
        scopes = guard.resource.meanings
        principal = guard.authentication.principal(credential, request.caller, now, scopes=scopes)
    except Refusal as refusal:
        _record(request, refusal.event, error=refusal)
        return authorizer_events.denied(event)
    except Unavailable as failure:
        _record(request, failure.event, error=failure)
        raise
    _record(request, AUTHORIZE.event, principal.user_id, principal.kind)
    # With a cookie, the decision depends on the method.
    everywhere = principal.kind != SESSION
    return authorizer_events.allowed(
        event, principal.user_id, _context(principal, guard.resource), everywhere=everywhere
    )


def _guard(guards: Guards, audience: str) -> Guard:
    if audience not in guards:
        message = f"A stage of another API names the audience {audience}, which OAuthResources does not list."
        raise ConfigurationError(message)
    return guards[audience]


def _route(request: Request) -> Route:
    """The other API's route: with a cookie, an unsafe method must come from the service's own pages."""
    return replace(AUTHORIZE, method=request.method)


def _context(principal: Principal, resource: Resource) -> dict[str, str]:
    """What the other API's functions learn; all text.

    An access token has a scope, and a restricted API key: those of its scopes that this resource has. Only an API key
    may expire, and only a key says nothing of a login.
    """
    scope = resource.limited(principal.scope) if principal.kind == API_KEY else principal.scope
    return {
        "account_id": principal.user_id,
        "credential_kind": principal.kind,
        "credential_id": principal.credential_id,
        "scope": scope,
        "expires_at": f"{principal.expires_at:%Y-%m-%dT%H:%M:%SZ}" if principal.expires_at else "",
        **_login(principal.session),
    }


def _login(session: Session | None) -> dict[str, str]:
    """How the owner logged in, in the words of an access token; ``auth_time`` in seconds, ``amr`` with spaces."""
    said = assurance.claims(session) if session else {}
    amr, auth_time = said.get("amr", ()), said.get("auth_time", "")
    return {"amr": " ".join(amr), "auth_time": str(auth_time), "acr": said.get("acr", "")}


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
