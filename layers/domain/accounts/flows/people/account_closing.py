"""Delete an account and everything that it owns."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from accounts.model import identities, key_secrets, passkeys, sessions, users
from accounts.model.audit import Caller, Record
from accounts.model.sessions import Session
from accounts.model.users import User, Users
from accounts.transactions import Change, Transactions, retry_on_conflict


class AccountClosing(Struct, frozen=True):
    """Deletes an account in one transaction. Takes effect on the next request."""

    users: Users
    transactions: Transactions

    def close(self, session: Session, caller: Caller, now: datetime) -> None:
        """Delete the session's account; raises Unauthenticated when the session has ended."""
        retry_on_conflict(lambda: self._close(session, caller, now))

    def _close(self, session: Session, caller: Caller, now: datetime) -> None:
        user = users.of_session(self.users, session.user_id, session.digest)
        record = Record(session.user_id, "user_deleted", now, caller)
        self.transactions.commit(*deleting(user), *ending_all(user), record)


def deleting(user: User) -> Iterable[Change]:
    """The changes that delete the account, its identities and its passkeys."""
    return (
        users.Close(user),
        *(identities.Remove(key, user.user_id) for key in user.identities),
        *(passkeys.Remove(credential_id, user.user_id) for credential_id in user.passkeys),
    )


def ending_all(user: User) -> Iterable[Change]:
    """The changes that end the account's sessions and API keys."""
    return (*map(sessions.End, user.sessions), *key_secrets.ending(user.user_id, user.api_keys))
