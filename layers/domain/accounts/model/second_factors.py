"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is gone.

An account has one when its item has a sealed secret. Everything about it is on that item, so the transaction that opens
a session also checks it, and uses up the code: each works once.
"""

from __future__ import annotations

import re
import secrets as _random
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from accounts import secrets
from accounts.errors import InvalidSecondFactor, ReauthenticationRequired
from accounts.limits import (
    RECOVERY_CODE_CHARACTERS,
    RECOVERY_CODES,
    SECOND_FACTOR_RESET_KEPT,
    SECOND_FACTOR_RESET_WAIT,
    TOTP_DIGITS,
)
from accounts.model.audit import Caller, Record
from accounts.model.factor_proofs import (
    Factor,
    FactorProof,
    RecoveryCode,
    TotpCode,
    Trust,
    Trusted,
    TrustedBrowser,
    UsedPasskey,
)
from accounts.model.sessions import PASSKEY, SecondFactor, Session
from accounts.model.users import AddSession, SwapSession, User
from accounts.transactions import Change

_NOT_PROVEN = "You logged in without a code. Log in again with one to do this."

FactorName = Literal["totp", "recovery_code", "passkey"]
# Crockford's base32: no I, L, O or U, which are misread. 24 of them are 120 bits.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_MISREAD = str.maketrans("ilo", "110")
_GROUP = 4
_TOTP = rf"[0-9]{{{TOTP_DIGITS}}}"
_RECOVERY = rf"[{_ALPHABET}]{{{RECOVERY_CODE_CHARACTERS}}}"
_SEPARATORS = r"[\s-]+"


class TotpSecrets(Protocol):
    """Encrypts secrets for one account each. Raises Unavailable, also for another account's."""

    def seal(self, secret: str, user_id: str) -> str: ...

    def unseal(self, sealed: str, user_id: str) -> str: ...


class Totp(Protocol):
    """The codes of RFC 6238."""

    def new_secret(self) -> str:
        """At least 160 random bits, in base32."""

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        """The time step of the code, at most one from now's; None when it is wrong."""

    def uri(self, secret: str, email: str, issuer: str) -> str:
        """The ``otpauth:`` URI that gives the secret to an app."""

    def qr_code(self, uri: str) -> str:
        """The URI as an SVG image, in a ``data:`` URI."""


class TurnOn(Change, frozen=True):
    """Turn the second factor on, and remove all sessions except ``keeping``.

    ``step`` is that of the code that confirmed it. Refused when the account has changed since it was read.
    """

    user: User
    totp: str
    step: int
    recovery_codes: frozenset[str]
    keeping: str
    now: datetime


class TurnOff(Change, frozen=True):
    """Turn the second factor off with a ``proof``, and remove all sessions except ``keeping``.

    Removes a requested reset, as ``TurnOn`` and ``ReplaceRecoveryCodes`` do. Refused when the account has changed since
    it was read.
    """

    user: User
    proof: Factor
    keeping: str
    now: datetime


class ReplaceRecoveryCodes(Change, frozen=True):
    """Replace the recovery codes. Refused when the account has changed since it was read."""

    user: User
    proof: Factor
    recovery_codes: frozenset[str]


class EndTrust(Change, frozen=True):
    """Ask these browsers for a code again. Refused when one of them is not trusted."""

    user_id: str
    browsers: frozenset[str]


class SetReset(Change, frozen=True):
    """Request a reset from ``at`` on, or cancel it (None). Refused when the account has changed or is disabled."""

    user: User
    at: datetime | None


class ResetSession(SwapSession, frozen=True, kw_only=True):
    """Like ``SwapSession``, without a proof: also removes the second factor and all passkeys. Sets ``secured_at``."""

    now: datetime


class Status(Struct, frozen=True):
    """``trusted_browsers`` are those that are not asked for a code, by their digests; the one trusted last is first.

    ``reset_at`` is from when a login resets it, or None.
    """

    on: bool
    recovery_codes_left: int
    trusted_browsers: Mapping[str, Trusted]
    reset_at: datetime | None = None


def status(user: User, now: datetime) -> Status:
    """What may be shown of the second factor."""
    held = sorted(user.trusted_browsers.items(), key=lambda entry: entry[1].since, reverse=True)
    trusted = {browser: it for browser, it in held if it.until > now}
    return Status(is_on(user), len(user.recovery_codes), trusted, reset_at(user, now))


def is_on(user: User) -> bool:
    return bool(user.totp)


def require_proven(session: Session, user: User) -> None:
    """Raise ReauthenticationRequired if the account has a second factor that the session's login did not prove.

    A trusted browser is not asked for it, so a recent login there is not enough for a change that gets past it later.
    """
    if is_on(user) and not (session.second_factor or session.method == PASSKEY):
        raise ReauthenticationRequired(_NOT_PROVEN)


def can_be_reset(user: User) -> bool:
    return is_on(user) or bool(user.passkeys)


def new_reset(now: datetime) -> datetime:
    """When a reset that is requested now takes effect."""
    return now + SECOND_FACTOR_RESET_WAIT


def reset_at(user: User, now: datetime) -> datetime | None:
    """From when a login resets the second factor; None when no reset is requested, or it was not used in time."""
    at = user.factor_reset_at
    return at if at is not None and now < at + SECOND_FACTOR_RESET_KEPT else None


def is_reset_due(user: User, now: datetime) -> bool:
    at = reset_at(user, now)
    return at is not None and at <= now


def has_answered(user: User, proof: FactorProof | None, now: datetime) -> bool:
    """Whether a login needs no factor that is typed: its browser is trusted, or a reset is due."""
    return is_reset_due(user, now) or (proof is not None and is_accepted(proof, user))


def reset_cancelled(user: User, caller: Caller, now: datetime) -> tuple[Record, ...]:
    """The record of a change that removes the requested reset; empty without one."""
    if reset_at(user, now) is None:
        return ()
    return (Record(user.user_id, "authn_second_factor_reset_cancelled", now, caller),)


def has_passed(add: AddSession, user: User) -> bool:
    """Whether ``user`` opens the session, as far as the second factor is concerned."""
    if add.proof is None:
        return add.approval is not None or not is_on(user)
    return is_accepted(add.proof, user)


def is_accepted(proof: FactorProof, user: User) -> bool:
    match proof:
        case TotpCode():
            return is_on(user) and proof.totp == user.totp and proof.step > user.totp_step
        case RecoveryCode():
            return proof.digest in user.recovery_codes
        case UsedPasskey():
            return proof.credential_id in user.passkeys
        case TrustedBrowser():
            held = user.trusted_browsers.get(proof.browser)
            return not is_on(user) or (held is not None and int(held.until.timestamp()) > int(proof.at.timestamp()))


def public_id(browser: str) -> str:
    """The id of a trusted browser on pages. The digest of a cookie stays in the tables."""
    return secrets.digest(browser)


def name_of(proof: TotpCode | RecoveryCode | None) -> SecondFactor:
    match proof:
        case TotpCode():
            return "totp"
        case RecoveryCode():
            return "recovery_code"
    return ""


def trusted(browser: str, at: datetime) -> TrustedBrowser | None:
    """The proof of a browser with this digest of its cookie; None when it has no cookie."""
    return TrustedBrowser(browser, at) if browser else None


def making_room(user: User, trust: Trust | None, now: datetime) -> tuple[str, ...]:
    """The browsers that are not trusted any more when ``trust`` is given: all that expired, else the next to expire."""
    if trust is None or trust.browser in user.trusted_browsers or len(user.trusted_browsers) < trust.at_most:
        return ()
    over = tuple(browser for browser, held in user.trusted_browsers.items() if held.until <= now)
    return over or (min(user.trusted_browsers, key=lambda browser: user.trusted_browsers[browser].until),)


def factors(user: User) -> tuple[FactorName, ...]:
    """The factors that the account may be asked for."""
    found: list[FactorName] = ["totp"]
    if user.recovery_codes:
        found.append("recovery_code")
    if user.passkeys:
        found.append("passkey")
    return tuple(found)


def totp_code(typed: str) -> str | None:
    """The code, without the spaces that apps show; None when it cannot be one."""
    code = re.sub(_SEPARATORS, "", typed)
    return code if re.fullmatch(_TOTP, code) else None


def recovery_proof(typed: str) -> RecoveryCode:
    """The proof of a recovery code, however it was typed; raises InvalidSecondFactor when it cannot be one."""
    code = re.sub(_SEPARATORS, "", typed).lower().translate(_MISREAD)
    if not re.fullmatch(_RECOVERY, code):
        raise InvalidSecondFactor
    return RecoveryCode(secrets.digest(code))


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes, in groups that are easy to type. Each is stored only as the digest of ``recovery_proof``."""
    return tuple(_grouped(_recovery_code()) for _ in range(RECOVERY_CODES))


def digests(codes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(recovery_proof(code).digest for code in codes)


def _recovery_code() -> str:
    return "".join(_random.choice(_ALPHABET) for _ in range(RECOVERY_CODE_CHARACTERS))


def _grouped(code: str) -> str:
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))
