"""The session cookie (ASVS 3.3.1-3.3.4; RFC 6265bis 4.1.3.2).

``__Host-`` makes browsers refuse it without Secure, with a Domain, or from a subdomain. SameSite=Lax keeps it out of
other sites' forms. It lasts as long as the browser is open, or as the session can if the person asked to be remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.limits import BROWSER_KEPT, OAUTH_BROWSER_KEPT

if TYPE_CHECKING:
    # Every function reads cookies; few sign anybody in.
    from accounts.flows.people.session_opening import LoggedIn

SESSION_COOKIE = "__Host-session"
BROWSER_COOKIE = "__Host-device"
OAUTH_COOKIE = "__Host-oauth-"
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


def login_cookies(logged_in: LoggedIn) -> tuple[str, ...]:
    """The ``Set-Cookie`` values that hand the session to the browser, and make it known where it was not."""
    begun = logged_in.session
    lasts = begun.expires_at - begun.authenticated_at
    max_age = f"; Max-Age={int(lasts.total_seconds())}" if begun.remembered else ""
    session = f"{SESSION_COOKIE}={logged_in.token}; {_ATTRIBUTES}{max_age}"
    kept = f"Max-Age={int(BROWSER_KEPT.total_seconds())}"
    return (
        (session, f"{BROWSER_COOKIE}={logged_in.browser_token}; {_ATTRIBUTES}; {kept}")
        if logged_in.browser_token
        else (session,)
    )


def oauth_cookie(state_id: str, browser: str) -> str:
    """The ``Set-Cookie`` value that ties a sign-in with a provider to this browser.

    One name for each, so that two at once do not disturb each other; kept longer than the state, because an address
    that the provider has not verified is confirmed by mail, in this browser.
    """
    return f"{OAUTH_COOKIE}{state_id}={browser}; {_ATTRIBUTES}; Max-Age={int(OAUTH_BROWSER_KEPT.total_seconds())}"


def no_oauth_cookie(state_id: str) -> str:
    """The ``Set-Cookie`` value that takes it away again."""
    return f"{OAUTH_COOKIE}{state_id}=; {_ATTRIBUTES}; Max-Age=0"


def no_session_cookie() -> str:
    """The ``Set-Cookie`` value that takes it away again, with the same attributes."""
    return f"{SESSION_COOKIE}=; {_ATTRIBUTES}; Max-Age=0"
