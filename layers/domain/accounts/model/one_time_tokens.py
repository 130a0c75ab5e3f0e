"""Tokens that work once: the links in our mails, and whatever else must not be used twice.

A token is 256 random bits; its digest, under its purpose, is its key. Consuming it is a conditional delete inside the
transaction that does what the token is for, so of two parallel uses one happens and the other changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct, field

from accounts import secrets
from accounts.transactions import Change

EMAIL_VERIFICATION = "email-verification"
PROVIDER_VERIFICATION = "provider-verification"
PASSWORD_RESET = "password-reset"  # noqa: S105 - a purpose
EMAIL_CHANGE = "email-change"
OAUTH_STATE = "oauth-state"
AUTHORIZATION_CODE = "authorization-code"
# What is left of a code that was used: which session it made, so that a second use can end it.
USED_CODE = "used-authorization-code"
# The two codes of a device that wants to be signed in: one for itself, one for the person to type.
DEVICE_CODE = "device-code"
USER_CODE = "user-code"
# Whom they are about until somebody takes them up; accounts have longer names.
NOBODY = "nobody"


class OneTimeToken(Struct, frozen=True):
    """A token as stored: for what, about whom or what, until when, and what else must be known when it is used."""

    purpose: str
    digest: str
    subject: str
    issued_at: datetime
    expires_at: datetime
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """``<purpose>#<digest>``: a token of one purpose is worthless for another."""
        return token_key(self.purpose, self.digest)


class OneTimeTokens(Protocol):
    """Where one-time tokens are kept."""

    def get(self, key: str) -> OneTimeToken | None:
        """The token, read consistently; None when there is none. It may have expired: compare."""


class Issue(Change, frozen=True):
    """A new token."""

    token: OneTimeToken


class Take(Change, frozen=True):
    """The token is as given from now on, and its subject's; refused when it is gone, or already somebody else's."""

    token: OneTimeToken


class Consume(Change, frozen=True):
    """The token is used up; refused when it already is."""

    key: str


def issue(
    purpose: str, subject: str, *, lifetime: timedelta, now: datetime, data: Mapping[str, str] | None = None
) -> tuple[str, OneTimeToken]:
    """A new token and its plain text, which goes to its recipient and nowhere else."""
    plaintext = secrets.new_token()
    token = OneTimeToken(
        purpose=purpose,
        digest=secrets.digest(plaintext),
        subject=subject,
        issued_at=now,
        expires_at=now + lifetime,
        data=data or {},
    )
    return plaintext, token


def find(tokens: OneTimeTokens, purpose: str, plaintext: str, now: datetime) -> OneTimeToken | None:
    """The live token that ``plaintext`` is for ``purpose``; None when unknown, used, expired or of another purpose."""
    token = tokens.get(token_key(purpose, secrets.digest(plaintext)))
    return token if token is not None and now < token.expires_at else None


def token_key(purpose: str, digest: str) -> str:
    """How a token is stored."""
    return f"{purpose}#{digest}"
