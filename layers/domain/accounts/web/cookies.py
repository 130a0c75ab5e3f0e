"""The cookies that the service sets (ASVS 3.3.1-3.3.4; RFC 6265bis 4.1.3.2).

With the prefix ``__Host-``, browsers refuse them without Secure, with a Domain, or from a subdomain. SameSite=Lax keeps
them out of other sites' forms. The session cookie lasts until the browser closes, or, with "remember me", as long as
the session.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from accounts.limits import (
    BROWSER_KEPT,
    LOGIN_CODE_LIFETIME,
    OAUTH_BROWSER_KEPT,
    PASSKEY_CHALLENGE_LIFETIME,
    PENDING_LOGIN_LIFETIME,
    SIGN_UP_BROWSER_KEPT,
)

if TYPE_CHECKING:
    # Every function reads cookies; few open sessions.
    from accounts.flows.people.session_opening import Opened

SESSION_COOKIE = "__Host-session"
BROWSER_COOKIE = "__Host-device"
PASSKEY_COOKIE = "__Host-passkey"
PENDING_COOKIE = "__Host-login"
OAUTH_COOKIE = "__Host-oauth-"
SIGN_UP_COOKIE = "__Host-sign-up"
# Says to the pages that there may be a session, so that they do not ask without one. The service never reads it.
HINT_COOKIE = "__Host-session-hint"
# Written by the pages; not a secret.
LANGUAGE_COOKIE = "language"
THEME_COOKIE = "theme"
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
# For scripts of the site, too.
_READABLE = "Path=/; Secure; SameSite=Lax"


def login_cookies(logged_in: Opened) -> tuple[str, ...]:
    """``Set-Cookie`` values for the session, its hint and, for a new browser, the token by which it is known."""
    begun = logged_in.session
    lasts = begun.expires_at - begun.authenticated_at if begun.remembered else None
    hint = _cookie(HINT_COOKIE, "1", lasts, _READABLE)
    return (_cookie(SESSION_COOKIE, logged_in.token, lasts), hint, *browser_cookies(logged_in.browser_token))


def browser_cookies(token: str) -> tuple[str, ...]:
    """The ``Set-Cookie`` value for the token by which the browser is known; none without a token."""
    return (_cookie(BROWSER_COOKIE, token, BROWSER_KEPT),) if token else ()


def sign_up_cookie(proof: str) -> str:
    """The ``Set-Cookie`` value by which the emailed link confirms this sign-up without its password."""
    return _cookie(SIGN_UP_COOKIE, proof, SIGN_UP_BROWSER_KEPT)


def no_sign_up_cookie() -> str:
    """The ``Set-Cookie`` value that removes ``sign_up_cookie``."""
    return _removed(SIGN_UP_COOKIE)


def oauth_cookie(state_id: str, browser: str) -> str:
    """The ``Set-Cookie`` value that binds a provider login to this browser.

    Each login has a cookie of its own, so that two at a time do not interfere. The cookie outlives the state, because
    an address that the provider has not verified is confirmed by email, in the same browser.
    """
    return _cookie(OAUTH_COOKIE + state_id, browser, OAUTH_BROWSER_KEPT)


def no_oauth_cookie(state_id: str) -> str:
    """The ``Set-Cookie`` value that removes ``oauth_cookie``."""
    return _removed(OAUTH_COOKIE + state_id)


def passkey_cookie(browser: str) -> str:
    """The ``Set-Cookie`` value that binds the challenges of logins with passkeys to this browser, in all its tabs."""
    return _cookie(PASSKEY_COOKIE, browser, PASSKEY_CHALLENGE_LIFETIME)


def pending_cookie(pending: str, *, awaits_email: bool = False) -> str:
    """The ``Set-Cookie`` value of a login that waits for its second factor, or for a code by email."""
    return _cookie(PENDING_COOKIE, pending, LOGIN_CODE_LIFETIME if awaits_email else PENDING_LOGIN_LIFETIME)


def no_pending_cookie() -> str:
    """The ``Set-Cookie`` value that removes ``pending_cookie``."""
    return _removed(PENDING_COOKIE)


def no_session_cookies() -> tuple[str, ...]:
    """The ``Set-Cookie`` values that remove the session cookie and its hint, with the same attributes."""
    return _removed(SESSION_COOKIE), _cookie(HINT_COOKIE, "", timedelta(0), _READABLE)


def _cookie(name: str, value: str, lasts: timedelta | None, attributes: str = _ATTRIBUTES) -> str:
    """Without ``lasts``, until the browser closes."""
    max_age = "" if lasts is None else f"; Max-Age={int(lasts.total_seconds())}"
    return f"{name}={value}; {attributes}{max_age}"


def _removed(name: str) -> str:
    return _cookie(name, "", timedelta(0))
