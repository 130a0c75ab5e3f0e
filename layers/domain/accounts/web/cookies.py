"""The session cookie (ASVS 3.3.1-3.3.4; RFC 6265bis 4.1.3.2).

``__Host-`` makes browsers refuse it without Secure, with a Domain, or from a subdomain. SameSite=Lax keeps it out of
other sites' forms. It lasts as long as the browser is open, or as the session can if the person asked to be remembered.
"""

from __future__ import annotations

from accounts.limits import REMEMBERED_SESSION_LIFETIME
from accounts.sessions import Session

SESSION_COOKIE = "__Host-session"
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


def session_cookie(token: str, session: Session) -> str:
    """The ``Set-Cookie`` value that hands the session to the browser."""
    max_age = f"; Max-Age={int(REMEMBERED_SESSION_LIFETIME.total_seconds())}" if session.remembered else ""
    return f"{SESSION_COOKIE}={token}; {_ATTRIBUTES}{max_age}"


def no_session_cookie() -> str:
    """The ``Set-Cookie`` value that takes it away again, with the same attributes."""
    return f"{SESSION_COOKIE}=; {_ATTRIBUTES}; Max-Age=0"
