"""Identities: an email address with a password, a Google subject, a GitHub id.

An identity's name is its key. So a condition in the transaction that claims an address or subject ensures that it
belongs to one account only, without reading an index.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime
from typing import Final, Literal, Protocol, cast

from msgspec import Struct

from accounts import secrets
from accounts.model.providers import ProviderName
from accounts.model.sessions import PASSWORD, Method, Session
from accounts.model.users import MailProblem, User, Users
from accounts.transactions import Change

EMAIL: Final = "email"
# Why an address gets no more email.
BOUNCE: Final = "bounce"
COMPLAINT: Final = "complaint"
# Prefix of a revoked password's stored form, which no hasher verifies.
_REVOKED = "revoked:"


class Identity(Struct, frozen=True):
    """One way for the owner of ``user_id`` to prove who they are.

    ``password_hash`` is None without a password. ``known_browsers`` are the digests of cookies, newest last.
    ``version`` increases with every change. ``secured_at`` is when the password or address last changed: links emailed
    before that are no longer valid.

    ``pending_token`` is the digest of the only valid link that confirms a provider's address, and ``pending_change`` of
    the only valid one that changes the account's email. ``wanted_email`` is the address that the owner asked to change
    to, free or not, and ``wanted_at`` when that was asked for, or cancelled: an older request on the queue is void.

    ``confirming_browser`` is the digest of the cookie that
    confirming a provider's identity requires, because it has no password to ask for. ``for_account`` is the account
    that had the address when the confirmation was asked for, or None: it can join no other account.

    ``password_set_with`` is the login method of the session in which the first password was set, and
    ``password_set_in`` the digest of that session: unlinking the method removes the password. Both are None when the
    password was chosen with an emailed link, at the sign-up or a reset.

    ``streak`` and ``known_streak`` are the numbers of its streaks of failed logins, in browsers that it does not know
    and in those that it knows (``attempts``). Zero before it had a password.

    ``undeliverable`` is why the address gets no more email (BOUNCE or COMPLAINT), or None.

    An identity that is not ``verified`` is a provider's, and reserves nothing.
    """

    key: str
    user_id: str
    email: str
    name: str
    created_at: datetime
    updated_at: datetime
    password_hash: str | None = None
    password_set_with: Method | None = None
    password_set_in: str | None = None
    verified: bool = False
    disabled: bool = False
    pending_token: str | None = None
    expires_at: datetime | None = None
    confirming_browser: str | None = None
    for_account: str | None = None
    pending_change: str | None = None
    wanted_email: str | None = None
    wanted_at: datetime | None = None
    secured_at: datetime | None = None
    streak: int = 0
    known_streak: int = 0
    known_browsers: tuple[str, ...] = ()
    undeliverable: MailProblem | None = None
    version: int = 0

    @property
    def provider(self) -> Literal["email"] | ProviderName:
        return cast("Literal['email'] | ProviderName", self.key.partition("#")[0])

    @property
    def method(self) -> Method:
        """The login method of sessions opened with it."""
        return PASSWORD if self.provider == EMAIL else self.provider

    @property
    def is_login_method(self) -> bool:
        """Whether the owner can log in with it: a provider's subject, or an address with a password."""
        return self.can_log_in and (self.provider != EMAIL or self.password_hash is not None)

    @property
    def can_log_in(self) -> bool:
        """Whether it is verified and not disabled."""
        return self.verified and not self.disabled


class Identities(Protocol):
    def get(self, key: str) -> Identity | None:
        """The identity, read consistently, or None."""


class Signup(Change, frozen=True):
    """Store a provider's identity with an unconfirmed address, replacing an older one. Refused when it is verified."""

    identity: Identity


class Claim(Change, frozen=True):
    """Store a verified identity, replacing an unconfirmed one. Refused when it is verified already."""

    identity: Identity


class StillVerified(Change, frozen=True):
    """Condition only: the identity is verified and ``user_id``'s, and was not secured since ``asked_at``, if given."""

    key: str
    user_id: str
    asked_at: datetime | None = None


class Replace(Change, frozen=True):
    """Replace the identity. Refused when it has changed since ``identity`` was read."""

    identity: Identity


class Rename(Change, frozen=True):
    """Set the name. Refused when the identity is not ``user_id``'s."""

    key: str
    user_id: str
    name: str
    now: datetime


class Remove(Change, frozen=True):
    """Delete the identity. Refused when it is not ``user_id``'s."""

    key: str
    user_id: str


class RemoveUnchanged(Change, frozen=True):
    """Delete the identity. Refused when it has changed since ``identity`` was read."""

    identity: Identity


class DisableLogin(Change, frozen=True):
    """Disable logins with the identity. Refused when it is not ``user_id``'s."""

    key: str
    user_id: str


class EnableLogin(Change, frozen=True):
    """Enable logins with the identity. Refused when it is not ``user_id``'s."""

    key: str
    user_id: str


def email_key(address: str) -> str:
    """The key of a canonical address. The prefix keeps addresses apart from providers' subjects."""
    return f"{EMAIL}#{address}"


def provider_key(provider: ProviderName, subject: str) -> str:
    """The key of a provider's subject, which never changes, unlike the name and address."""
    return f"{provider}#{subject}"


def public_id(key: str) -> str:
    """The identity's id in URLs: the digest of its key."""
    return secrets.digest(key)


def account_of(accounts: Users, local: Identity | None) -> User | None:
    """The account that has verified the address ``local``."""
    return accounts.get(local.user_id) if local is not None and local.verified else None


def can_be_confirmed(pending: Identity, local: Identity | None) -> bool:
    """Whether an emailed link may still confirm ``pending``, whose address is now ``local``.

    Not when an account got the address, or secured it, after the link was asked for.
    """
    if local is None or not local.verified:
        return True
    is_asked_for = pending.for_account == local.user_id
    return is_asked_for and not is_outdated(local, pending.created_at)


def is_outdated(identity: Identity, issued_at: datetime) -> bool:
    """Whether a link from ``issued_at`` is not valid any more: the password or address has changed since."""
    return identity.secured_at is not None and issued_at <= identity.secured_at


def secured(identity: Identity, now: datetime) -> Identity:
    """The identity after a change of password or address, which invalidates all links emailed before."""
    return replace(identity, pending_token=None, pending_change=None, wanted_email=None, secured_at=now)


def with_new_streak(identity: Identity, *, known: bool) -> Identity:
    """The identity after a login in a known browser, or in another one. Failures in the others still count."""
    if known:
        return replace(identity, known_streak=identity.known_streak + 1)
    return replace(identity, streak=identity.streak + 1)


def without_failures(identity: Identity) -> Identity:
    """The identity with two new streaks."""
    return with_new_streak(with_new_streak(identity, known=False), known=True)


def with_new_password(identity: Identity, password_hash: str, browser: str, now: datetime) -> Identity:
    """The identity after a change of password in ``browser``, which stays known.

    Other known browsers may be those of an attacker who knew the old password. Logins from them notify the owner again.
    """
    known = (browser,) if browser else ()
    return replace(
        without_failures(secured(identity, now)),
        password_hash=password_hash,
        known_browsers=known,
    )


def with_first_password(identity: Identity, password_hash: str, session: Session, now: datetime) -> Identity:
    """The identity after ``session`` set a password where there was none."""
    return replace(
        without_failures(secured(identity, now)),
        password_hash=password_hash,
        password_set_with=session.method,
        password_set_in=session.digest,
    )


def with_reset_password(identity: Identity, password_hash: str, browser: str, now: datetime) -> Identity:
    """The identity after a reset in ``browser``. The emailed link proves that its owner chose the password."""
    changed = with_new_password(identity, password_hash, browser, now)
    return replace(changed, password_set_with=None, password_set_in=None)


def after_unlinking(identity: Identity, method: Method, session: Session, now: datetime) -> Identity:
    """The identity after ``session`` unlinked ``method``, without a password that was set in a login with it.

    Anyone who could log in with the provider may have set that password. It stays when ``session`` shows that its
    holder knows it: the session was opened with it, or set it.
    """
    is_known = session.method == PASSWORD or session.digest == identity.password_set_in
    kept = secured(identity, now)
    if identity.password_set_with != method or is_known:
        return kept
    return replace(kept, password_hash=None, password_set_with=None, password_set_in=None, known_browsers=())


def revoked(identity: Identity, now: datetime) -> Identity:
    """The identity with its password revoked until a reset, and without known browsers.

    Keeps the hash behind a prefix, so that the reset can refuse the same password.
    """
    stored = identity.password_hash or ""
    marked = stored if stored.startswith(_REVOKED) else f"{_REVOKED}{stored}"
    return replace(secured(identity, now), password_hash=marked, known_browsers=())


def revoked_hash(identity: Identity) -> str | None:
    """The hash of the revoked password, or None."""
    stored = identity.password_hash or ""
    return stored.removeprefix(_REVOKED) if stored.startswith(_REVOKED) else None


def login_methods(passkeys: frozenset[str], held: list[Identity]) -> int:
    """How many login methods an account has with these passkeys and identities."""
    return len(passkeys) + sum(identity.is_login_method for identity in held)


def also_removed(before: list[Identity], after: list[Identity], *, passkeys: bool) -> str:
    """What was removed with a login method, in words, or nothing."""
    password = any(old.password_hash and not new.password_hash for old, new in zip(before, after, strict=True))
    return " and ".join([*(["password"] if password else []), *(["passkeys"] if passkeys else [])])


def held(store: Identities, user: User) -> list[Identity]:
    """The account's identities, at most ten."""
    found = (store.get(key) for key in user.identities)
    return [identity for identity in found if identity is not None and identity.user_id == user.user_id]
