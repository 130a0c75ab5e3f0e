"""What the two OAuth functions read from a request and answer with."""

from __future__ import annotations

import re

from accounts import secrets
from accounts.flows.providers.provider_login import Arrival, Callback, Departure, state_id
from accounts.web import responses
from accounts.web.cookies import OAUTH_COOKIE, login_cookies, no_oauth_cookie, oauth_cookie
from accounts.web.requests import Request
from accounts.web.responses import Response

# Sign-ins that a browser may have under way at once.
MOST_AT_ONCE = 5
_STATE_ID = re.compile(r"[0-9a-f]{8}")


def callback(request: Request) -> Callback:
    """What the provider's redirect brought; raises MalformedRequest for a parameter or cookie that comes twice."""
    query = request.query()
    state = query.get("state", "")
    browser = request.cookie(OAUTH_COOKIE + state_id(state)) or ""
    return Callback(
        state=state,
        code=query.get("code", ""),
        error=query.get("error", ""),
        issuer=query.get("iss", ""),
        browser=browser if secrets.is_token(browser) else "",
    )


def browsers(request: Request) -> tuple[str, ...]:
    """The digests of all the sign-ins that this browser has started and not finished."""
    values = (value for name, value in request.cookies if name.startswith(OAUTH_COOKIE))
    return tuple(secrets.digest(value) for value in values if secrets.is_token(value))


def depart(departure: Departure, request: Request) -> Response:
    """Send the browser to the provider."""
    return responses.see_other(departure.url, cookies=_cookies(departure, request))


def provider_address(departure: Departure, request: Request) -> Response:
    """Tell the page where to send the browser."""
    return responses.ok({"authorization_url": departure.url}, cookies=_cookies(departure, request))


def _cookies(departure: Departure, request: Request) -> tuple[str, ...]:
    """The cookie of this departure; where too many others have piled up, they go, before they fill the header."""
    others = [name.removeprefix(OAUTH_COOKIE) for name, _ in request.cookies if name.startswith(OAUTH_COOKIE)]
    stale = [it for it in others if _STATE_ID.fullmatch(it)] if len(others) >= MOST_AT_ONCE else []
    return (*map(no_oauth_cookie, stale), oauth_cookie(departure.state_id, departure.browser))


def arrive(arrival: Arrival, request: Request) -> Response:
    """Send the browser on, signed in if it was not a link."""
    cookies = [no_oauth_cookie(state_id(request.query().get("state", "")))]
    if arrival.logged_in is not None:
        cookies += login_cookies(arrival.logged_in)
    return responses.see_other(arrival.return_url, cookies=tuple(cookies), user_id=arrival.user_id)
