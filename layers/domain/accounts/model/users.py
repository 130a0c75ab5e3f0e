"""The account: a person. It knows by name everything that it owns, so that all of it can be ended at once.

A list by index may lag behind a write; what must be ended or counted without fail (sessions, API keys, identities) is
therefore kept on the account's own item, which is read consistently and changed in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, Protocol

from msgspec import Struct, field

from accounts import secrets
from accounts.errors import NotFound, Unauthenticated
from accounts.transactions import Change

USER_ID_CHARACTERS = 28
Status = Literal["active", "disabled"]
ACTIVE: Final = "active"
DISABLED: Final = "disabled"
# Why no more email goes to an address.
MailProblem = Literal["bounce", "complaint"]
_NO_SUCH_ACCOUNT = "There is no account with that id."


class User(Struct, frozen=True):
    """An account as stored. ``sessions`` maps digests to when each ends; ``revision`` rises with every change.

    ``mail_problem`` is why nothing is mailed to ``email`` any more, to be told to its owner: ``identities.BOUNCE``,
    ``COMPLAINT``, or None. ``secured_at`` is when all sessions were last ended but the one that asked for it.
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
    mail_problem: MailProblem | None = None
    secured_at: datetime | None = None
    revision: int = 0


class Users(Protocol):
    """Where accounts are kept."""

    def get(self, user_id: str) -> User | None:
        """The account, read consistently; None when there is none."""


class Open(Change, frozen=True):
    """A new account; refused when the id is taken."""

    user: User


class Approval(Struct, frozen=True):
    """Where and when a new session was allowed: in another ``session`` of the account, at the moment ``at``."""

    session: str
    at: datetime

    def is_valid(self, user: User) -> bool:
        """Whether that session is still held, and the account was not secured since."""
        return self.session in user.sessions and (user.secured_at is None or user.secured_at < self.at)


class AddSession(Change, frozen=True):
    """The account holds one more session; refused when it is full, gone or disabled.

    With ``instead_of``, it takes the place of that one: refused when the account does not hold it any more. With
    ``approval``, that must stand.
    """

    user_id: str
    session: str
    ends_at: datetime
    at_most: int
    instead_of: str | None = None
    approval: Approval | None = None


class SwapSession(Change, frozen=True):
    """One session takes the place of others; refused when the account changed since ``revision`` or is not active."""

    user_id: str
    revision: int
    ended: tuple[str, ...]
    session: str
    ends_at: datetime


class DropSession(Change, frozen=True):
    """The account holds this session no more; refused when it did not hold it."""

    user_id: str
    session: str


class DropAllSessions(Change, frozen=True):
    """The account holds no session any more; refused when it changed since it was read."""

    user: User


class DropOtherSessions(Change, frozen=True):
    """The account holds no session but ``keeping`` and is secured; refused when it changed since it was read."""

    user: User
    keeping: str
    now: datetime


class AddKey(Change, frozen=True):
    """The account holds one more API key; refused when it is full, gone or disabled, or ``session`` has ended."""

    user_id: str
    api_key: str
    at_most: int
    session: str | None = None


class DropKey(Change, frozen=True):
    """The account holds this API key no more; refused when it did not hold it."""

    user_id: str
    api_key: str


class AddIdentity(Change, frozen=True):
    """The account holds one more identity; refused when it is full, gone or disabled, or ``session`` has ended."""

    user_id: str
    identity: str
    at_most: int
    session: str | None = None


class DropIdentity(Change, frozen=True):
    """The account holds this identity no more; refused when it changed since it was read."""

    user: User
    identity: str


class ChangeEmail(Change, frozen=True):
    """The account goes by ``email``, holds ``gained`` instead of ``lost``, no session but ``keeping``, and is secured.

    What was wrong with mail to the old address is forgotten. Refused when it changed since it was read.
    """

    user: User
    email: str
    lost: str
    gained: str
    keeping: str
    now: datetime


class Rename(Change, frozen=True):
    """The account's person is called ``name``; refused when it changed since it was read."""

    user: User
    name: str
    now: datetime


class NoteMailProblem(Change, frozen=True):
    """Mail to ``email`` has this problem; refused when that is not the account's address."""

    user_id: str
    email: str
    problem: MailProblem


class Disable(Change, frozen=True):
    """The account is disabled and holds no session and no key; refused when it changed since it was read."""

    user: User
    now: datetime


class Enable(Change, frozen=True):
    """The account is active again; what ended meanwhile stays ended. Refused when it changed since it was read."""

    user: User
    now: datetime


class Close(Change, frozen=True):
    """The account is gone; refused when it changed since it was read."""

    user: User


def find(accounts: Users, user_id: str) -> User | None:
    """The account, read consistently; None when it is gone or disabled."""
    user = accounts.get(user_id)
    return user if user is not None and user.status == ACTIVE else None


def active(accounts: Users, user_id: str) -> User:
    """The account behind a credential that is good; raises Unauthenticated when it is gone or disabled."""
    user = find(accounts, user_id)
    if user is None:
        raise Unauthenticated
    return user


def existing(accounts: Users, user_id: str) -> User:
    """The account that an operator means, in whatever state; raises NotFound."""
    user = accounts.get(user_id)
    if user is None:
        raise NotFound(_NO_SUCH_ACCOUNT)
    return user


def other_sessions(user: User, current: str) -> tuple[str, ...]:
    """The account's sessions but the ``current`` one; raises Unauthenticated when that has ended.

    A story that hashes or reads takes a while, and the owner may have logged out everywhere meanwhile, perhaps for fear
    of exactly this. Asked of the account as it was read for the write, it is part of the write's condition.
    """
    if current not in user.sessions:
        raise Unauthenticated
    return tuple(digest for digest in user.sessions if digest != current)


def new_user_id() -> str:
    """28 base62 characters (166 bits): the shape that existing ComfyUI clients know as ``firebase_uid``."""
    return secrets.random_base62(USER_ID_CHARACTERS)
