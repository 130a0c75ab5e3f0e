"""The second factor as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from accounts.web.presenters import Timestamp, timestamp

if TYPE_CHECKING:
    from accounts.flows.factors.second_factor_setup import Started
    from accounts.model.second_factors import Status, Totp
    from accounts.settings import Settings


class SecondFactor(Struct):
    """``trusted_until`` has one time for each browser that is not asked for a code."""

    on: bool
    recovery_codes_left: int
    trusted_until: list[Timestamp]


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


def shown(found: Status) -> SecondFactor:
    return SecondFactor(found.on, found.recovery_codes_left, [timestamp(until) for until in found.trusted_browsers])


def setup(started: Started, totp: Totp, settings: Settings) -> Setup:
    uri = totp.uri(started.secret, started.email, settings["SITE_NAME"])
    return Setup(started.setup, started.secret, uri, totp.qr_code(uri))
