"""What proves a second factor when a session is opened. Each is checked and used in the transaction that opens it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class TotpCode(Struct, frozen=True):
    """A right code of the sealed secret ``totp``. Refused unless its time step is later than the last."""

    totp: str
    step: int


class RecoveryCode(Struct, frozen=True):
    """A recovery code, by its digest. Refused unless it is an unused one of the account."""

    digest: str


class UsedPasskey(Struct, frozen=True):
    """A passkey that signed: a complete login. Refused unless the account has it."""

    credential_id: str


class TrustedBrowser(Struct, frozen=True):
    """The browser with this digest of its cookie. Refused unless the account trusts it, or has no second factor."""

    browser: str
    at: datetime


Factor = TotpCode | RecoveryCode | UsedPasskey
FactorProof = Factor | TrustedBrowser


class Trusted(Struct, frozen=True):
    """How long a browser is trusted. ``name`` is its program and system, such as "Firefox on Windows"."""

    name: str
    since: datetime
    until: datetime


class Trust(Struct, frozen=True):
    """Ask the browser with this digest of its cookie for no second factor. Refused above ``at_most``."""

    browser: str
    given: Trusted
    at_most: int
