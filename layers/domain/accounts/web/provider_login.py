"""Callback, cookies and redirects of provider logins."""

from __future__ import annotations

import re

from msgspec import Struct

from accounts import secrets
from accounts.flows.providers.provider_login import Arrival, Callback, Departure, state_id
from accounts.web import responses
from accounts.web.cookies import OAUTH_COOKIE, login_cookies, no_oauth_cookie, oauth_cookie
from accounts.web.requests import Request
from accounts.web.responses import Response

# Pending logins of one browser.
MAX_PENDING = 5
_STATE_ID = re.compile(r"[0-9a-f]{8}")


class ProviderAddress(Struct):
    """The provider's URL, for a page that redirects the browser itself."""

    authorization_url: str


def callback(request: Request) -> Callback:
    """The parameters of the provider's redirect; raises MalformedRequest for a repeated parameter or cookie."""
    query = request.query()
    state = query.get("state", "")
    return Callback(
        state=state,
        code=query.get("code", ""),
        error=query.get("error", ""),
        issuer=query.get("iss", ""),
        browser=request.token_cookie(OAUTH_COOKIE + state_id(state)),
    )


def browsers(request: Request) -> tuple[str, ...]:
    """The digests of the cookies of all pending logins of this browser."""
    values = (value for name, value in request.cookies if name.startswith(OAUTH_COOKIE))
    return tuple(secrets.digest(value) for value in values if secrets.is_token(value))


def depart(departure: Departure, request: Request) -> Response:
    """Redirect the browser to the provider."""
    return responses.see_other(departure.url, cookies=_cookies(departure, request))


def provider_address(departure: Departure, request: Request) -> Response:
    return responses.ok(ProviderAddress(departure.url), cookies=_cookies(departure, request))


def _cookies(departure: Departure, request: Request) -> tuple[str, ...]:
    """Set this login's cookie. Remove the others when there are MAX_PENDING, to keep the header short."""
    others = [name.removeprefix(OAUTH_COOKIE) for name, _ in request.cookies if name.startswith(OAUTH_COOKIE)]
    stale = [it for it in others if _STATE_ID.fullmatch(it)] if len(others) >= MAX_PENDING else []
    return (*map(no_oauth_cookie, stale), oauth_cookie(departure.state_id, departure.browser))


def arrive(arrival: Arrival, request: Request) -> Response:
    """Redirect the browser to where it came from, with a session unless an identity was linked."""
    cookies = [no_oauth_cookie(state_id(request.query().get("state", "")))]
    if arrival.logged_in is not None:
        cookies += login_cookies(arrival.logged_in)
    return responses.see_other(arrival.return_url, cookies=tuple(cookies), user_id=arrival.user_id)
