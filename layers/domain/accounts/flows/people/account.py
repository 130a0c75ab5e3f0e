"""The account: read it, rename it, delete it."""

from __future__ import annotations

from collections.abc import Iterable
from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from accounts import text
from accounts.limits import PERSON_NAME_MAX_CHARACTERS, RENAMES_PER_ACCOUNT_PER_DAY
from accounts.model import api_keys, identities, sessions, throttles, users
from accounts.model.audit import Caller, Record
from accounts.model.sessions import Session
from accounts.model.throttles import Throttles
from accounts.model.users import User, Users
from accounts.transactions import Change, Transactions, retry_on_conflict


class AccountLookup(Struct, frozen=True):
    users: Users

    def of(self, user_id: str) -> User:
        """The active account; raises Unauthenticated."""
        return users.active(self.users, user_id)


class AccountRenaming(Struct, frozen=True):
    users: Users
    throttles: Throttles
    transactions: Transactions

    def rename(self, user_id: str, name: str, caller: Caller, now: datetime) -> User:
        """Change the name, which may be empty, and return the account; raises InvalidInput or TooManyAttempts.

        Identities store the name too, because the response to a login is built from them.
        """
        chosen = text.line("name", name, at_most=PERSON_NAME_MAX_CHARACTERS)
        limit, day = RENAMES_PER_ACCOUNT_PER_DAY, timedelta(days=1)
        throttles.count(self.throttles, "rename", user_id, limit=limit, per=day, now=now)
        return retry_on_conflict(lambda: self._rename(user_id, chosen, caller, now))

    def _rename(self, user_id: str, name: str, caller: Caller, now: datetime) -> User:
        user = users.active(self.users, user_id)
        self.transactions.commit(
            users.Rename(user, name, now),
            *(identities.Rename(key, user_id, name, now) for key in user.identities),
            Record(user_id, "user_updated", now, caller),
        )
        return replace(user, name=name, updated_at=now, revision=user.revision + 1)


class AccountClosing(Struct, frozen=True):
    """Deletes an account and everything it owns, in one transaction. Takes effect on the next request."""

    users: Users
    transactions: Transactions

    def close(self, session: Session, caller: Caller, now: datetime) -> None:
        """Delete the session's account; raises Unauthenticated when the session has ended."""
        retry_on_conflict(lambda: self._close(session, caller, now))

    def _close(self, session: Session, caller: Caller, now: datetime) -> None:
        user = users.active(self.users, session.user_id)
        users.other_sessions(user, session.digest)
        record = Record(session.user_id, "user_deleted", now, caller)
        self.transactions.commit(*deleting(user), *ending_all(user), record)


def deleting(user: User) -> Iterable[Change]:
    """The changes that delete the account and its identities."""
    return (users.Close(user), *(identities.Remove(key, user.user_id) for key in user.identities))


def ending_all(user: User) -> Iterable[Change]:
    """The changes that end the account's sessions and API keys."""
    return (*map(sessions.End, user.sessions), *(api_keys.End(digest, user.user_id) for digest in user.api_keys))
