"""The wrapper of every HTTP function: read, authenticate, handle, respond, and log one line."""

from __future__ import annotations

from collections.abc import Callable
from copy import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from accounts import telemetry
from accounts.errors import AccountsError
from accounts.events import EVENTS
from accounts.flows.people.authentication import ACCESS_TOKEN, Authentication, CredentialKind, Principal
from accounts.settings import Settings
from accounts.web import credentials, requests, responses, routes, same_origin
from accounts.web.requests import Event, Request
from accounts.web.responses import Response
from accounts.web.routes import Route

Handle = Callable[[Request], Response]
# Takes the request, for the language of the answer: None if it could not be read.
Refused = Callable[[AccountsError, Request | None], Response]
LambdaHandler = Callable[[Event, object], dict[str, Any]]
_PROVIDERS = EVENTS["authn_provider_fail"].counted


def _refused(error: AccountsError, request: Request | None) -> Response:
    return responses.refused(error, requests.language_of(request))


class Deployment(Protocol):
    """The part of ``accounts.deployment`` that the endpoint uses."""

    @property
    def settings(self) -> Settings: ...

    def authentication(self, kinds: frozenset[CredentialKind]) -> Authentication:
        """An authentication that accepts these kinds of credentials and no others."""


def endpoint(
    route: Route,
    deployment: Deployment,
    *others: Route,
    page: Refused = _refused,
    refused: Refused = _refused,
) -> Callable[[Handle], LambdaHandler]:
    """Turn ``Request -> Response`` into a Lambda handler for ``route`` and ``others``.

    Enforces the route's rules before the handler runs. ``page`` renders refusals on routes with ``page=True``,
    ``refused`` on all others. An exception other than a refusal becomes a 500 without detail. Nothing is kept between
    requests.
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
    refused: Refused = _refused,
) -> dict[str, Any]:
    request: Request | None = None
    error: Exception | None = None
    try:
        request = requests.read(event, now)
        request = requests.through_firewall(request, settings.optional("FIREWALL_SECRET_DIGESTS"))
        _require_own_pages(request, route, settings)
        request = replace(request, route=route, principal=_principal(request, route, settings, authentication))
        response = handle(request)
    except AccountsError as refusal:
        error, response = refusal, _challenging(request, route, settings, refused(refusal, request))
    except Exception as unexpected:  # noqa: BLE001 - the outermost handler: log, and respond without detail
        error, response = unexpected, refused(AccountsError(), request)
    _record(route, request, response, error)
    return responses.as_event(
        response,
        request_id=request.id if request else "unknown",
        cors=route.cors,
        subdomains=settings.optional("HSTS_SUBDOMAINS") != "off",
        head=request is not None and request.method == "HEAD",
    )


def _principal(request: Request, route: Route, settings: Settings, authentication: Authentication) -> Principal | None:
    if not route.credentials:
        return None
    credential, now = credentials.presented(request, route, settings.site_url), request.received_at
    if route.optional:
        return authentication.find(credential, request.caller, now, enrolling=route.enrolling)
    return authentication.principal(
        credential, request.caller, now, fresh=route.fresh, enrolling=route.enrolling, scopes=(route.scope,)
    )


def _require_own_pages(request: Request, route: Route, settings: Settings) -> None:
    """Refuse an unsafe cross-site request to a route that accepts cookies only, with or without a session.

    On routes that other origins may call, only requests that present the cookie are checked, in
    ``credentials.presented``.
    """
    if route.cookies and route.is_unsafe and not route.cors:
        same_origin.require_own(request, settings.site_url)


def _challenging(request: Request | None, route: Route, settings: Settings, refused: Response) -> Response:
    """Complete the challenge of a refusal that has one."""
    if request is None or refused.headers.get("www-authenticate") != responses.BEARER:
        return refused
    is_invalid, accepts_tokens = credentials.has_bearer(request), ACCESS_TOKEN in route.credentials
    metadata_url = f"{settings.site_url}{routes.RESOURCE_METADATA.path}" if accepts_tokens else ""
    challenge = responses.bearer_challenge(is_invalid=is_invalid, metadata_url=metadata_url)
    return responses.with_headers(refused, {"www-authenticate": challenge})


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
    """The provider in the path, if known; any other text that a caller wrote there stays out of the log."""
    named = request.path_parameters.get("provider", "") if request else ""
    return named if named in _PROVIDERS else ""


def _level(status: int) -> str:
    if status >= 500:  # noqa: PLR2004 - HTTP's own classes
        return "error"
    return "warning" if status >= 400 else "info"  # noqa: PLR2004
