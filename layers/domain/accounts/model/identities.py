"""Ways of being a person: an email address with a password, a Google subject, a GitHub id.

An identity's name is its key, so that an address or a subject can belong to one account only, by a condition in the
transaction that claims it and never by a look at an index.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime
from typing import Final, Literal, Protocol, cast

from msgspec import Struct

from accounts import secrets
from accounts.model.providers import ProviderName
from accounts.model.sessions import PASSWORD, Method
from accounts.model.users import MailProblem, User
from accounts.transactions import Change

EMAIL: Final = "email"
# Why no more mail goes to an address.
BOUNCE: Final = "bounce"
COMPLAINT: Final = "complaint"
# In front of a password's stored form: no hasher reads it any more.
_REVOKED = "revoked:"


class Identity(Struct, frozen=True):
    """One way to be ``user_id``.

    ``password_hash`` is None where no password can be right. ``pending_token`` is the digest of the one link that can
    confirm the address now: a newer link, or a newer sign-up, puts the older out of use. ``version`` rises with every
    change. ``confirming_browser`` is the digest of the cookie without which that link is worth nothing, for an identity
    that has no password to ask for. ``unlinked`` marks a login that ``user_id`` took away: it must not come back by the
    address that it shares with the account, only by being linked on purpose. ``undeliverable`` says why the address is
    mailed nothing any more: BOUNCE, COMPLAINT, or None; an identity that is made anew starts without.

    ``pending_change`` is the digest of the one link that can move the account to another address now. ``secured_at`` is
    when its password or address last changed: whatever was mailed before that moment is worth nothing any more.
    ``known_browsers`` are the digests of the cookies of browsers that logged in with it, the newest last.

    An identity that is not ``verified`` claims nothing: anybody may sign up over it.
    """

    key: str
    user_id: str
    email: str
    name: str
    created_at: datetime
    updated_at: datetime
    password_hash: str | None = None
    verified: bool = False
    disabled: bool = False
    pending_token: str | None = None
    expires_at: datetime | None = None
    confirming_browser: str | None = None
    unlinked: bool = False
    pending_change: str | None = None
    secured_at: datetime | None = None
    known_browsers: tuple[str, ...] = ()
    undeliverable: MailProblem | None = None
    version: int = 0

    @property
    def provider(self) -> Literal["email"] | ProviderName:
        return cast("Literal['email'] | ProviderName", self.key.partition("#")[0])

    @property
    def method(self) -> Method:
        """How a session is opened with it."""
        return PASSWORD if self.provider == EMAIL else self.provider

    @property
    def is_login_method(self) -> bool:
        """Whether its owner can log in with it now: a provider's subject, or an address that has a password."""
        return self.can_log_in and (self.provider != EMAIL or self.password_hash is not None)

    @property
    def can_log_in(self) -> bool:
        """Whether the right password lets its owner in."""
        return self.verified and not self.disabled


class Identities(Protocol):
    """Where identities are kept."""

    def get(self, key: str) -> Identity | None:
        """The identity, read consistently; None when there is none."""


class Signup(Change, frozen=True):
    """A sign-up that nobody has confirmed yet; refused when the address is verified. Replaces an older sign-up."""

    identity: Identity


class Claim(Change, frozen=True):
    """A verified identity; refused when somebody has it already. One that nobody has confirmed is simply replaced."""

    identity: Identity


class StillVerified(Change, frozen=True):
    """Writes nothing; refused unless the identity is verified and ``user_id``'s."""

    key: str
    user_id: str


class Unchanged(Change, frozen=True):
    """Writes nothing; refused unless the identity is at the version that it was read at."""

    identity: Identity


class Replace(Change, frozen=True):
    """The identity as it is now; refused when it is not at the version that ``identity`` was read at."""

    identity: Identity


class Rename(Change, frozen=True):
    """The identity's person is called ``name``; refused when it does not belong to ``user_id``."""

    key: str
    user_id: str
    name: str
    now: datetime


class Remove(Change, frozen=True):
    """The identity is gone; refused when it does not belong to ``user_id``."""

    key: str
    user_id: str


class Vacate(Change, frozen=True):
    """The identity is gone; refused when it is not at the version that ``identity`` was read at."""

    identity: Identity


class DisableLogin(Change, frozen=True):
    """The identity lets nobody in; refused when it does not belong to ``user_id``."""

    key: str
    user_id: str


class EnableLogin(Change, frozen=True):
    """The identity lets its owner in again; refused when it does not belong to ``user_id``."""

    key: str
    user_id: str


def email_key(address: str) -> str:
    """The key of a canonical email address. No address can look like another kind: the kind comes first."""
    return f"{EMAIL}#{address}"


def provider_key(provider: ProviderName, subject: str) -> str:
    """The key of a provider's subject: who they are there for ever, whatever name or address they have today."""
    return f"{provider}#{subject}"


def public_id(key: str) -> str:
    """How an identity is called in URLs: the digest of its key."""
    return secrets.digest(key)


def confirmed(identity: Identity, now: datetime) -> Identity:
    """The identity with its address proven: the link is used up, it did arrive, and nothing sweeps it any more."""
    return replace(
        identity,
        verified=True,
        pending_token=None,
        confirming_browser=None,
        expires_at=None,
        undeliverable=None,
        updated_at=now,
    )


def secured(identity: Identity, now: datetime) -> Identity:
    """The identity after its password or address changed: every link that was mailed before is out of use."""
    return replace(identity, pending_token=None, pending_change=None, secured_at=now)


def revoked(identity: Identity, now: datetime) -> Identity:
    """The identity with a password that lets nobody in until it is reset, and no browser that is known.

    Its hash is kept behind a mark, so that the reset can refuse the very same password.
    """
    stored = identity.password_hash or ""
    marked = stored if stored.startswith(_REVOKED) else f"{_REVOKED}{stored}"
    return replace(secured(identity, now), password_hash=marked, known_browsers=())


def revoked_hash(identity: Identity) -> str | None:
    """The hash of the password that was revoked; None where none was."""
    stored = identity.password_hash or ""
    return stored.removeprefix(_REVOKED) if stored.startswith(_REVOKED) else None


def held(store: Identities, user: User) -> list[Identity]:
    """The identities that the account's own item names; ten at most."""
    found = (store.get(key) for key in user.identities)
    return [identity for identity in found if identity is not None and identity.user_id == user.user_id]
