"""The account itself: shown to whoever may act for it, renamed and closed by its owner, shut by an operator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from accounts import api_keys, identities, sessions, text, users
from accounts.audit import Caller, Record
from accounts.authentication import Authentication, Credential, SessionAuthentication
from accounts.limits import PERSON_NAME_MAX_CHARACTERS
from accounts.sessions import Session
from accounts.transactions import Change, Transactions, again_on_conflict
from accounts.users import User, Users

if TYPE_CHECKING:
    # Whoever shows an account takes no orders.
    from accounts.orders import Order


@dataclass(frozen=True, slots=True)
class AccountLookup:
    """Tells whose credential this is."""

    authentication: Authentication
    users: Users

    def behind(self, credential: Credential | None, caller: Caller, now: datetime) -> User:
        """The account behind any kind of credential; raises Unauthenticated."""
        principal = self.authentication.principal(credential, caller, now)
        return users.active(self.users, principal.user_id)


@dataclass(frozen=True, slots=True)
class SessionAccount:
    """Tells who is signed in."""

    authentication: SessionAuthentication
    users: Users

    def of(self, credential: Credential | None, now: datetime) -> tuple[Session, User]:
        """The session and its account; raises Unauthenticated."""
        session = self.authentication.session(credential, now)
        return session, users.active(self.users, session.user_id)


@dataclass(frozen=True, slots=True)
class AccountRenaming:
    """Changes what the person is called."""

    authentication: SessionAuthentication
    users: Users
    transactions: Transactions

    def rename(self, credential: Credential | None, name: str, caller: Caller, now: datetime) -> User:
        """The account under its new name, which may be empty; raises InvalidInput.

        The identities have the name too, because a log-in is answered from them; they change in the same transaction.
        """
        user_id = self.authentication.session(credential, now).user_id
        chosen = text.line("name", name, at_most=PERSON_NAME_MAX_CHARACTERS)
        return again_on_conflict(lambda: self._rename(user_id, chosen, caller, now))

    def _rename(self, user_id: str, name: str, caller: Caller, now: datetime) -> User:
        user = users.active(self.users, user_id)
        self.transactions.commit(
            users.Rename(user, name, now),
            *(identities.Rename(key, user_id, name, now) for key in user.identities),
            Record(user_id, "user_updated", now, caller),
        )
        return replace(user, name=name, updated_at=now, revision=user.revision + 1)


@dataclass(frozen=True, slots=True)
class AccountClosing:
    """Deletes an account and all it owns, in one transaction, effective with the next request."""

    authentication: SessionAuthentication
    users: Users
    transactions: Transactions

    def close(self, credential: Credential | None, caller: Caller, now: datetime) -> str:
        """Close the account of a person who logged in recently; tells which it was."""
        session = self.authentication.session(credential, now, fresh=True)
        again_on_conflict(lambda: self._close(session, caller, now))
        return session.user_id

    def _close(self, session: Session, caller: Caller, now: datetime) -> None:
        user = users.active(self.users, session.user_id)
        users.other_sessions(user, session.digest)
        record = Record(session.user_id, "user_deleted", now, caller)
        self.transactions.commit(*_deleting(user), *_ending_all(user), record)


@dataclass(frozen=True, slots=True)
class AccountDisabling:
    """Shuts an account, for an operator: nobody gets in any more, and all sessions and keys end."""

    users: Users
    transactions: Transactions

    def disable(self, order: Order, now: datetime) -> None:
        """Disable the account; raises NotFound when there is none."""
        again_on_conflict(lambda: self._disable(order, now))

    def _disable(self, order: Order, now: datetime) -> None:
        user = users.existing(self.users, order.user_id)
        shut = (identities.DisableLogin(key, user.user_id) for key in user.identities)
        record = order.record("user_disabled", now)
        self.transactions.commit(users.Disable(user, now), *shut, *_ending_all(user), record)


@dataclass(frozen=True, slots=True)
class AccountEnabling:
    """Opens a disabled account again, for an operator: all ways in work. Sessions and keys that ended stay ended."""

    users: Users
    transactions: Transactions

    def enable(self, order: Order, now: datetime) -> None:
        """Enable the account; raises NotFound when there is none."""
        again_on_conflict(lambda: self._enable(order, now))

    def _enable(self, order: Order, now: datetime) -> None:
        user = users.existing(self.users, order.user_id)
        opened = (identities.EnableLogin(key, user.user_id) for key in user.identities)
        self.transactions.commit(users.Enable(user, now), *opened, order.record("user_enabled", now))


@dataclass(frozen=True, slots=True)
class AccountRemoval:
    """Deletes an account and all it owns, for an operator."""

    users: Users
    transactions: Transactions

    def remove(self, order: Order, now: datetime) -> None:
        """Delete the account; raises NotFound when there is none."""
        again_on_conflict(lambda: self._remove(order, now))

    def _remove(self, order: Order, now: datetime) -> None:
        user = users.existing(self.users, order.user_id)
        self.transactions.commit(*_deleting(user), *_ending_all(user), order.record("user_deleted", now))


def _deleting(user: User) -> Iterable[Change]:
    return (users.Close(user), *(identities.Remove(key, user.user_id) for key in user.identities))


def _ending_all(user: User) -> Iterable[Change]:
    return (*map(sessions.End, user.sessions), *(api_keys.End(digest, user.user_id) for digest in user.api_keys))
