"""How a login was proven, in the words that other services know, and how strong it is (RFC 8176, RFC 9470).

Only what this login proved counts: neither the session that it replaced, nor a second factor that a trusted browser was
not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from accounts.model.sessions import Method, SecondFactor, Session

ONE_FACTOR: Final = "urn:comfy:acr:1fa"
MULTI_FACTOR: Final = "urn:comfy:acr:mfa"
# From the weakest to the strongest; each includes the ones before it.
ACR_VALUES = (ONE_FACTOR, MULTI_FACTOR)
_MFA = "mfa"
# A passkey verifies its user. Whether its key is in hardware is not known without attestation, so it is neither ``hwk``
# nor ``swk``. ``fed`` is not registered; others use it for a login with a provider, of which no more is known.
_METHODS: Mapping[Method, tuple[str, ...]] = {
    "password": ("pwd",),
    "passkey": ("pop", "user", _MFA),
    "google": ("fed",),
    "github": ("fed",),
}
# No value is registered for a recovery code.
_SECOND_FACTORS: Mapping[SecondFactor, tuple[str, ...]] = {"": (), "totp": ("otp", _MFA), "recovery_code": (_MFA,)}


class Requirement(Struct, frozen=True):
    """What a client asks of the owner's login; nothing by default.

    ``max_age`` is how old it may be. ``silent``: nothing may be shown to the owner.
    """

    max_age: timedelta | None = None
    multi_factor: bool = False
    silent: bool = False

    def is_recent(self, session: Session, asked_at: datetime) -> bool:
        """Whether the login was young enough when the client asked. With a ``max_age`` of 0, only a later one is."""
        return self.max_age is None or session.authenticated_at + self.max_age > asked_at

    def is_strong(self, session: Session) -> bool:
        return not self.multi_factor or acr(session) == MULTI_FACTOR


NOTHING = Requirement()


def amr(session: Session) -> tuple[str, ...]:
    """The methods that the login proved (RFC 8176)."""
    return _METHODS[session.method] + _SECOND_FACTORS[session.second_factor]


def acr(session: Session) -> str:
    return MULTI_FACTOR if _MFA in amr(session) else ONE_FACTOR


def claims(session: Session) -> dict[str, Any]:
    """The claims of RFC 9068 2.2.1. Without ``auth_time`` when it is not known, so that it meets no ``max_age``."""
    known = session.auth_time
    when = {"auth_time": int(known.timestamp())} if known else {}
    return {**when, "acr": acr(session), "amr": list(amr(session))}
