"""Log out: this session, another one, or all. Takes effect on the next request."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import secrets
from accounts.errors import NotFound, Unauthenticated
from accounts.model import sessions, users
from accounts.model.audit import Caller, Record
from accounts.model.sessions import Session, Sessions
from accounts.model.users import Users
from accounts.transactions import Conflict, Transactions, retry_on_conflict


class Logout(Struct, frozen=True):
    transactions: Transactions

    def here(self, session: Session | None, caller: Caller, now: datetime) -> bool:
        """End the session and return whether there was one; it may have ended before or concurrently."""
        return session is not None and end_if_there(self.transactions, session.user_id, session.digest, caller, now)


class SessionList(Struct, frozen=True):
    sessions: Sessions

    def of_account(self, user_id: str, now: datetime) -> list[Session]:
        """The account's live sessions, latest activity first."""
        live = [session for session in self.sessions.of_user(user_id) if session.is_live(now)]
        return sorted(live, key=lambda session: session.last_seen_at, reverse=True)


class SessionRevocation(Struct, frozen=True):
    transactions: Transactions

    def end(self, user_id: str, session_id: str, caller: Caller, now: datetime) -> None:
        """End the account's session with that id; raises NotFound for an id that is not one of its sessions."""
        if not secrets.is_digest(session_id):
            raise NotFound
        end(self.transactions, user_id, session_id, caller, now)


class LogoutEverywhere(Struct, frozen=True):
    users: Users
    transactions: Transactions

    def everywhere(self, user_id: str, caller: Caller, now: datetime) -> None:
        """End all sessions of the account in one transaction; raises Unauthenticated when the account is gone.

        The account's own item lists its sessions, because an index may lag behind. A session that starts concurrently
        causes a conflict and a retry.
        """
        retry_on_conflict(lambda: self._end_all(user_id, caller, now))

    def _end_all(self, user_id: str, caller: Caller, now: datetime) -> None:
        user = self.users.get(user_id)
        if user is None:
            raise Unauthenticated
        record = Record(user_id, "session_revoked_all", now, caller, {"sessions": str(len(user.sessions))})
        self.transactions.commit(users.DropAllSessions(user), *map(sessions.End, user.sessions), record)


def end(transactions: Transactions, user_id: str, digest: str, caller: Caller, now: datetime) -> None:
    """End one session of the account; raises NotFound when the account does not hold it."""
    if not end_if_there(transactions, user_id, digest, caller, now):
        raise NotFound


def end_if_there(transactions: Transactions, user_id: str, digest: str, caller: Caller, now: datetime) -> bool:
    """End one session of the account and return whether it existed. One that has already ended is not an error."""
    return _end(transactions, digest, Record(user_id, "session_revoked", now, caller, {"session": digest}))


def end_reused(transactions: Transactions, user_id: str, digest: str, caller: Caller, now: datetime) -> None:
    """End a client's session because its code or refresh token was used twice."""
    _end(transactions, digest, Record(user_id, "authn_token_reuse", now, caller, {"session": digest}))


def _end(transactions: Transactions, digest: str, record: Record) -> bool:
    try:
        transactions.commit(users.DropSession(record.user_id, digest), sessions.End(digest), record)
    except Conflict:
        return False
    return True
