"""The account. Its own item lists everything that it owns, so that all of it can be ended at once.

An index may lag behind a write. What must be ended or counted reliably (sessions, API keys, identities) is therefore
listed on the account's item, which is read consistently and changed in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, Protocol

from msgspec import Struct, field

from accounts import secrets
from accounts.errors import NotFound, Unauthenticated
from accounts.limits import UNLINKED_PER_ACCOUNT
from accounts.model.factor_proofs import FactorProof, Trust, Trusted
from accounts.transactions import Change

USER_ID_CHARACTERS = 28
Status = Literal["active", "disabled"]
ACTIVE: Final = "active"
DISABLED: Final = "disabled"
# Why an address gets no more email.
MailProblem = Literal["bounce", "complaint"]
_NO_SUCH_ACCOUNT = "No account has that ID."


class User(Struct, frozen=True):
    """``sessions`` maps digests to expiry times, and ``passkeys`` has credential ids.

    ``revision`` increases with every change. ``api_keys`` has secrets, see ``key_secrets``.

    ``unlinked`` has the keys of the identities that the owner has ever unlinked, also of those that they have linked
    again: it only grows, so that a full one stays full.

    ``mail_problem`` is why ``email`` gets no more email, or None; ``language`` is that of emails, or empty.
    ``secured_at``: a session last ended all others.

    ``totp`` is the sealed secret of the second factor, or empty without one. ``totp_step`` is the time step of the last
    code, ``recovery_codes`` the digests of the unused ones. ``trusted_browsers`` are not asked: by their digests.
    ``factor_streak`` numbers the failures in a row: it increases with each use. ``factor_reset_at`` is when a requested
    reset takes effect.
    """

    user_id: str
    email: str
    name: str
    created_at: datetime
    updated_at: datetime
    status: Status = ACTIVE
    sessions: Mapping[str, datetime] = field(default_factory=dict)
    api_keys: frozenset[str] = frozenset()
    identities: frozenset[str] = frozenset()
    unlinked: frozenset[str] = frozenset()
    passkeys: frozenset[str] = frozenset()
    mail_problem: MailProblem | None = None
    secured_at: datetime | None = None
    language: str = ""
    totp: str = ""
    totp_step: int = 0
    recovery_codes: frozenset[str] = frozenset()
    trusted_browsers: Mapping[str, Trusted] = field(default_factory=dict)
    factor_streak: int = 0
    factor_reset_at: datetime | None = None
    revision: int = 0

    def refuses(self, identity: str) -> bool:
        """Whether only the owner may link the identity, because they unlinked it.

        Once ``unlinked`` is full, that is every identity: none that was unlinked is ever forgotten.
        """
        return identity in self.unlinked or len(self.unlinked) >= UNLINKED_PER_ACCOUNT


class Users(Protocol):
    def get(self, user_id: str) -> User | None:
        """The account, read consistently, or None."""


class Open(Change, frozen=True):
    """Create an account. Refused when the id exists."""

    user: User


class Approval(Struct, frozen=True):
    """The owner's approval of a new session, given in ``session`` of the same account at ``at``."""

    session: str
    at: datetime

    def is_valid(self, user: User) -> bool:
        """Whether the account still holds ``session`` and has not been secured since."""
        return self.session in user.sessions and (user.secured_at is None or user.secured_at < self.at)


class AddIdentity(Change, frozen=True):
    """Add an identity. Refused when the account is full, gone or disabled.

    With ``session``, the owner asked for it: refused when the account does not hold the session. Without, refused when
    the account ``refuses`` the identity.
    """

    user_id: str
    identity: str
    at_most: int
    session: str | None = None

    def is_accepted(self, user: User) -> bool:
        """Whether ``user``, who is active, would take the identity without being asked."""
        return len(user.identities) < self.at_most and not user.refuses(self.identity)


class AddSession(Change, frozen=True):
    """Add a session. Refused when the account is full, gone or disabled.

    ``instead_of`` is removed, and must be held by the account. ``approval`` must be valid. With ``gaining``, also adds
    an identity, or is refused.

    ``proof`` must be accepted. Without one, the account must have no second factor, or the session of ``approval``
    passed it. Refused while a reset is requested, except with an ``approval``. ``trust`` is for the browser.
    """

    user_id: str
    session: str
    ends_at: datetime
    at_most: int
    instead_of: str | None = None
    approval: Approval | None = None
    gaining: AddIdentity | None = None
    proof: FactorProof | None = None
    trust: Trust | None = None

    def making_room(self, user: User, now: datetime) -> tuple[str, ...]:
        """The other sessions to end: all that have expired; else, on a full account, the one that expires first."""
        held = {digest: ends_at for digest, ends_at in user.sessions.items() if digest != self.instead_of}
        over = tuple(digest for digest, ends_at in held.items() if ends_at <= now)
        if over or len(held) < self.at_most:
            return over
        # Consenting to a client must not log its owner out.
        others = (digest for digest in held if self.approval is None or digest != self.approval.session)
        return (min(others, key=lambda digest: held[digest]),)


class SwapSession(Change, frozen=True):
    """Like ``add``, on a full account: the sessions ``ended`` and the trust in the browsers ``untrusted`` end.

    Refused when the account has changed since it was read, or the second factor is missing. ``ends_reset`` removes a
    requested reset.
    """

    add: AddSession
    revision: int
    ended: tuple[str, ...]
    untrusted: tuple[str, ...] = ()
    ends_reset: bool = False


class DropSessions(Change, frozen=True):
    """Remove these sessions. Refused when the account does not hold all of them."""

    user_id: str
    sessions: frozenset[str]


class DropAllSessions(Change, frozen=True):
    """Remove all sessions. Refused when the account has changed since it was read."""

    user: User


class DropOtherSessions(Change, frozen=True):
    """Remove all sessions except ``keeping``, and set ``secured_at``."""

    user: User
    keeping: str
    now: datetime


class Unlink(Change, frozen=True):
    """Remove an identity, which only the owner can link again, ``passkeys``, and all sessions except ``keeping``.

    Sets ``secured_at``. Refused when the account has changed since it was read.
    """

    user: User
    identity: str
    keeping: str
    now: datetime
    passkeys: frozenset[str] = frozenset()


class ChangeEmail(Change, frozen=True):
    """Change the account's email: swap identity ``lost`` for ``gained``, end every session except ``keeping``.

    Sets ``secured_at`` and clears ``mail_problem``. Refused when the account has changed since it was read.
    """

    user: User
    email: str
    lost: str
    gained: str
    keeping: str
    now: datetime


class Rename(Change, frozen=True):
    """Set the name. Refused when the account has changed since it was read."""

    user: User
    name: str
    now: datetime


class ChooseLanguage(Change, frozen=True):
    """Set the language of emails. Refused when the account is closed."""

    user_id: str
    language: str


class NoteMailProblem(Change, frozen=True):
    """Set ``mail_problem``, or clear it. Refused when ``email`` is not the account's address."""

    user_id: str
    email: str
    problem: MailProblem | None


class Disable(Change, frozen=True):
    """Disable the account and remove its sessions and API keys. Refused when it has changed since it was read."""

    user: User
    now: datetime


class Enable(Change, frozen=True):
    """Enable the account. Removed sessions and API keys stay removed. Refused when it has changed since it was read."""

    user: User
    now: datetime


class Close(Change, frozen=True):
    """Delete the account. Refused when it has changed since it was read."""

    user: User


def find(accounts: Users, user_id: str) -> User | None:
    """The active account, read consistently; None when it is gone or disabled."""
    user = accounts.get(user_id)
    return user if user is not None and user.status == ACTIVE else None


def active(accounts: Users, user_id: str) -> User:
    """The account of a valid credential; raises Unauthenticated when it is gone or disabled."""
    user = find(accounts, user_id)
    if user is None:
        raise Unauthenticated
    return user


def of_session(accounts: Users, user_id: str, session: str) -> User:
    """The account, which holds ``session``; raises Unauthenticated when either has ended.

    A write that requires the account as it was read here is refused when the session ends before it.
    """
    user = active(accounts, user_id)
    if session not in user.sessions:
        raise Unauthenticated
    return user


def existing(accounts: Users, user_id: str) -> User:
    """The account in any state, for operators; raises NotFound."""
    user = accounts.get(user_id)
    if user is None:
        raise NotFound(_NO_SUCH_ACCOUNT)
    return user


def other_sessions(user: User, current: str) -> tuple[str, ...]:
    """The account's sessions except ``current``; raises Unauthenticated when ``current`` has ended.

    The owner may log out everywhere concurrently, so the write checks the account as it was read.
    """
    if current not in user.sessions:
        raise Unauthenticated
    return tuple(digest for digest in user.sessions if digest != current)


def new_user_id() -> str:
    """28 base62 characters (166 bits), the format that ComfyUI clients expect in ``firebase_uid``."""
    return secrets.random_base62(USER_ID_CHARACTERS)
