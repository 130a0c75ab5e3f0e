"""Log out: this session, another one, or all. Takes effect on the next request."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from accounts import secrets
from accounts.errors import NotFound, Unauthenticated
from accounts.limits import SESSIONS_PER_ACCOUNT
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
    sessions: Sessions
    transactions: Transactions

    def end(self, user_id: str, session_ids: Collection[str], caller: Caller, now: datetime) -> None:
        """End the account's sessions with these ids in one transaction; raises NotFound when it has none of them.

        Some may have ended before or concurrently, which is not an error.
        """
        asked = frozenset(session_ids)
        if len(asked) > SESSIONS_PER_ACCOUNT or not all(map(secrets.is_digest, asked)):
            raise NotFound
        retry_on_conflict(lambda: self._end_found(user_id, asked, caller, now))

    def _end_found(self, user_id: str, asked: frozenset[str], caller: Caller, now: datetime) -> None:
        read = map(self.sessions.get, asked)
        found = frozenset(session.digest for session in read if session is not None and session.user_id == user_id)
        if not found:
            raise NotFound
        record = Record(user_id, "session_revoked", now, caller, {"session": " ".join(sorted(found))})
        self.transactions.commit(users.DropSessions(user_id, found), *map(sessions.End, found), record)


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


def end_if_there(transactions: Transactions, user_id: str, digest: str, caller: Caller, now: datetime) -> bool:
    """End one session of the account and return whether it existed. One that has already ended is not an error."""
    return _end(transactions, digest, Record(user_id, "session_revoked", now, caller, {"session": digest}))


def end_reused(transactions: Transactions, user_id: str, digest: str, caller: Caller, now: datetime) -> None:
    """End a client's session because its code or refresh token was used twice."""
    _end(transactions, digest, Record(user_id, "authn_token_reuse", now, caller, {"session": digest}))


def _end(transactions: Transactions, digest: str, record: Record) -> bool:
    try:
        transactions.commit(users.DropSessions(record.user_id, frozenset({digest})), sessions.End(digest), record)
    except Conflict:
        return False
    return True
