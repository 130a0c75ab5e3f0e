"""What every HTTP function is wrapped in: read, authenticate, handle, answer, and log one line."""

from __future__ import annotations

from collections.abc import Callable
from copy import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from accounts import telemetry
from accounts.errors import AccountsError
from accounts.events import EVENTS
from accounts.flows.people.authentication import Authentication, CredentialKind, Principal
from accounts.settings import Settings
from accounts.web import credentials, requests, responses, routes, same_origin
from accounts.web.requests import Event, Request
from accounts.web.responses import Response
from accounts.web.routes import Route

Handle = Callable[[Request], Response]
Refused = Callable[[AccountsError], Response]
LambdaHandler = Callable[[Event, object], dict[str, Any]]
_PROVIDERS = EVENTS["authn_provider_fail"].counted


class Deployment(Protocol):
    """What the endpoint needs of ``accounts.deployment``."""

    @property
    def settings(self) -> Settings: ...

    def authentication(self, kinds: frozenset[CredentialKind]) -> Authentication:
        """What accepts credentials of these kinds, and no others."""


def endpoint(
    route: Route,
    deployment: Deployment,
    *others: Route,
    page: Refused = responses.refused,
    refused: Refused = responses.refused,
) -> Callable[[Handle], LambdaHandler]:
    """Turn ``Request -> Response`` into a Lambda handler for ``route`` and ``others``.

    Enforces what the route says before the handler runs. ``page`` makes the refusal of a route that people look at,
    ``refused`` that of any other. A refusal becomes its answer, anything else 500 without detail; nothing is kept from
    one request to the next.
    """
    accepted = {it: deployment.authentication(it.credentials) for it in (route, *others)}

    def decorate(handle: Handle) -> LambdaHandler:
        def lambda_handler(event: Event, _context: object) -> dict[str, Any]:
            asked = routes.named(str(event.get("routeKey", "")), (route, *others))
            refuse = page if asked.page else refused
            return answer(asked, deployment.settings, accepted[asked], handle, event, datetime.now(UTC), refuse)

        return lambda_handler

    return decorate


def answer(
    route: Route,
    settings: Settings,
    authentication: Authentication,
    handle: Handle,
    event: Event,
    now: datetime,
    refused: Refused = responses.refused,
) -> dict[str, Any]:
    """Answer one event at the moment ``now``."""
    request: Request | None = None
    error: Exception | None = None
    try:
        request = requests.read(event, now)
        request = requests.through_firewall(request, settings.optional("FIREWALL_SECRET_DIGESTS"))
        _demand_own_pages(request, route, settings)
        request = replace(request, route=route, principal=_principal(request, route, settings, authentication))
        response = handle(request)
    except AccountsError as refusal:
        error, response = refusal, _challenging(request, refused(refusal))
    except Exception as unexpected:  # noqa: BLE001 - the outermost handler: log it, answer without detail
        error, response = unexpected, refused(AccountsError())
    _record(route, request, response, error)
    return responses.as_event(response, request_id=request.id if request else "unknown", cors=route.cors)


def _principal(request: Request, route: Route, settings: Settings, authentication: Authentication) -> Principal | None:
    if not route.credentials:
        return None
    credential, now = credentials.presented(request, route, settings.site_url), request.received_at
    if route.optional:
        return authentication.find(credential, request.caller, now)
    return authentication.principal(credential, request.caller, now, fresh=route.fresh)


def _demand_own_pages(request: Request, route: Route, settings: Settings) -> None:
    """An unsafe request to a route that lives by cookies alone must come from our pages, signed in or not.

    Where other origins may read, only a request that presents the cookie has to: see ``credentials.presented``.
    """
    if route.cookies and route.is_unsafe and not route.cors:
        same_origin.demand_own(request, settings.site_url)


def _challenging(request: Request | None, refused: Response) -> Response:
    """Of a bearer token that was presented, a challenge says that it is not valid (RFC 6750 3.1)."""
    if request is None or refused.headers.get("www-authenticate") != responses.BEARER:
        return refused
    invalid = {"www-authenticate": responses.INVALID_BEARER}
    return responses.with_headers(refused, invalid) if credentials.has_bearer(request) else refused


def _record(route: Route, request: Request | None, response: Response, error: Exception | None) -> None:
    event = route.event
    fields: dict[str, str | int] = {
        "function": route.function,
        "route": f"{route.method} {route.path}",
        "status": response.status,
        "request_id": request.id if request else "unknown",
        "source": request.caller.source if request else "unknown",
        "user_agent": request.caller.user_agent if request else "",
        "user_id": response.user_id,
        "method": response.method or _provider(request),
    }
    if error is not None:
        event = error.event if isinstance(error, AccountsError) else AccountsError.event
        fields |= {"code": getattr(error, "code", AccountsError.code), "error": telemetry.describe(error)}
    telemetry.record(event, fields, level=_level(response.status))


def _provider(request: Request | None) -> str:
    """The provider in the path if it is one of ours: what else a caller may have written there is not for the log."""
    named = request.path_parameters.get("provider", "") if request else ""
    return named if named in _PROVIDERS else ""


def _level(status: int) -> str:
    if status >= 500:  # noqa: PLR2004 - HTTP's own classes
        return "error"
    return "warning" if status >= 400 else "info"  # noqa: PLR2004
