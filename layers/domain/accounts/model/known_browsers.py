"""The browsers that an identity has logged in from, recognised by a long-lived cookie.

A known browser proves nothing. Its logins cause no email and are not counted by source, and its password resets have a
limit of their own.
"""

from __future__ import annotations

from copy import replace

from accounts.limits import BROWSERS_PER_IDENTITY
from accounts.model.audit import Caller
from accounts.model.identities import Identity


def recognized(identity: Identity | None, caller: Caller) -> str:
    """The digest of the caller's browser if the identity knows it, else empty."""
    return caller.known_browser if identity and caller.known_browser in identity.known_browsers else ""


def remember(identity: Identity, browser: str) -> Identity:
    """The identity with ``browser``, the digest of its cookie, as the latest; at the cap, the oldest is dropped."""
    if browser in identity.known_browsers:
        return identity
    return replace(identity, known_browsers=(*identity.known_browsers, browser)[-BROWSERS_PER_IDENTITY:])
