"""The browsers that an identity has logged in from, recognised by a long-lived cookie.

A known browser proves nothing. Its logins cause no email and are not counted by source, and its password resets have a
limit of their own.
"""

from __future__ import annotations

from copy import replace

from msgspec import Struct

from accounts import secrets
from accounts.limits import BROWSERS_PER_IDENTITY
from accounts.model.audit import Caller
from accounts.model.identities import Identity


def is_known(identity: Identity | None, caller: Caller) -> bool:
    """Whether the identity knows the caller's browser."""
    return identity is not None and caller.known_browser in identity.known_browsers


class Browser(Struct, frozen=True):
    """``digest`` is of the browser's cookie. ``token`` is the cookie to set, or empty when the browser has one."""

    digest: str
    token: str = ""

    def __repr__(self) -> str:
        """Omits the token: it may be printed in a traceback."""
        return f"Browser(digest={self.digest!r})"


def of(caller: Caller) -> Browser:
    """The caller's browser, with a new token when it has no cookie."""
    if caller.known_browser:
        return Browser(caller.known_browser)
    token = secrets.new_token()
    return Browser(secrets.digest(token), token)


def remember(identity: Identity, browser: str) -> Identity:
    """The identity with ``browser``, the digest of its cookie, as the latest; at the cap, the oldest is dropped."""
    if browser in identity.known_browsers:
        return identity
    return replace(identity, known_browsers=(*identity.known_browsers, browser)[-BROWSERS_PER_IDENTITY:])
