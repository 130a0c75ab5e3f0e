"""The second factor as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from accounts.model.second_factors import public_id
from accounts.web.timestamps import Timestamp, timestamp

if TYPE_CHECKING:
    from accounts.flows.factors.second_factor_setup import Started
    from accounts.model.second_factors import Status, Totp
    from accounts.settings import Settings


class TrustedBrowser(Struct):
    """A browser that is not asked for a code. ``current`` is the caller's, ``device`` its program and system."""

    id: str
    current: bool
    device: str
    trusted_at: Timestamp
    expires_at: Timestamp


class SecondFactor(Struct):
    """``reset_at`` is from when a login resets it, because an operator requested it."""

    on: bool
    recovery_codes_left: int
    trusted_browsers: list[TrustedBrowser]
    reset_at: Timestamp | None


class Setup(Struct):
    """For an authenticator app: ``secret`` in base32, and the ``uri`` that contains it.

    ``qr_code`` is the image of the URI, itself a ``data:`` URI.
    """

    setup: str
    secret: str
    uri: str
    qr_code: str


class RecoveryCodes(Struct):
    recovery_codes: list[str]


def shown(found: Status, browser: str = "") -> SecondFactor:
    """``browser`` is the digest of the caller's."""
    held = [
        TrustedBrowser(public_id(it), it == browser, trusted.name, timestamp(trusted.since), timestamp(trusted.until))
        for it, trusted in found.trusted_browsers.items()
    ]
    reset_at = timestamp(found.reset_at) if found.reset_at else None
    return SecondFactor(found.on, found.recovery_codes_left, held, reset_at)


def setup(started: Started, totp: Totp, settings: Settings) -> Setup:
    uri = totp.uri(started.secret, started.email, settings["SITE_NAME"])
    return Setup(started.setup, started.secret, uri, totp.qr_code(uri))
