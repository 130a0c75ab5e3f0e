"""Logging out: this device, one of the others, or all of them. Effective with the next request."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import secrets
from accounts.errors import NotFound, Unauthenticated
from accounts.flows.people.authentication import Credential, SessionAuthentication
from accounts.model import sessions, users
from accounts.model.audit import Caller, Record
from accounts.model.sessions import Session
from accounts.model.users import Users
from accounts.transactions import Conflict, Transactions, again_on_conflict


class Logout(Struct, frozen=True):
    """Ends the session that is presented."""

    authentication: SessionAuthentication
    transactions: Transactions

    def here(self, credential: Credential | None, caller: Caller, now: datetime) -> str | None:
        """End the presented session and tell whose it was; nothing to end is no error: the person is logged out."""
        session = self.authentication.find(credential, now)
        if session is None:
            return None
        ended = end_if_there(self.transactions, session.user_id, session.digest, caller, now)
        return session.user_id if ended else None


class SessionList(Struct, frozen=True):
    """Where a person is signed in."""

    authentication: SessionAuthentication

    def of(self, credential: Credential | None, now: datetime) -> tuple[Session, list[Session]]:
        """The current session, and all of the account's live ones, the latest activity first."""
        current = self.authentication.session(credential, now)
        live = [session for session in self.authentication.sessions.of_user(current.user_id) if session.is_live(now)]
        return current, sorted(live, key=lambda session: session.last_seen_at, reverse=True)


class SessionRevocation(Struct, frozen=True):
    """Ends one session of the account."""

    authentication: SessionAuthentication
    transactions: Transactions

    def end(self, credential: Credential | None, session_id: str, caller: Caller, now: datetime) -> str:
        """End the session with that id and tell whose it was; raises NotFound for any id that is not one's own."""
        current = self.authentication.session(credential, now)
        if not secrets.is_digest(session_id):
            raise NotFound
        end(self.transactions, current.user_id, session_id, caller, now)
        return current.user_id


class LogoutEverywhere(Struct, frozen=True):
    """Ends every session of the account."""

    authentication: SessionAuthentication
    users: Users
    transactions: Transactions

    def everywhere(self, credential: Credential | None, caller: Caller, now: datetime) -> str:
        """End all sessions, the presented one included, in one transaction; tells whose they were.

        The account's own item says which there are, so none is missed that an index has not heard of yet; if one
        starts meanwhile, the transaction is refused and made again.
        """
        user_id = self.authentication.session(credential, now).user_id
        again_on_conflict(lambda: self._end_all(user_id, caller, now))
        return user_id

    def _end_all(self, user_id: str, caller: Caller, now: datetime) -> None:
        user = self.users.get(user_id)
        if user is None:
            raise Unauthenticated
        record = Record(user_id, "session_revoked_all", now, caller, {"sessions": str(len(user.sessions))})
        self.transactions.commit(users.LetGoAllSessions(user), *map(sessions.End, user.sessions), record)


def end(transactions: Transactions, user_id: str, digest: str, caller: Caller, now: datetime) -> None:
    """End one session of the account; raises NotFound when the account does not hold it."""
    if not end_if_there(transactions, user_id, digest, caller, now):
        raise NotFound


def end_if_there(transactions: Transactions, user_id: str, digest: str, caller: Caller, now: datetime) -> bool:
    """End one session of the account and tell whether there was one to end.

    That somebody else ended it between our reading it and now is no error: it is all that was wanted.
    """
    return _end(transactions, digest, Record(user_id, "session_revoked", now, caller, {"session": digest}))


def end_copied(transactions: Transactions, user_id: str, digest: str, caller: Caller, now: datetime) -> None:
    """End a program's session because what it came by was used twice; one that has ended already is no error."""
    _end(transactions, digest, Record(user_id, "authn_token_reuse", now, caller, {"session": digest}))


def _end(transactions: Transactions, digest: str, record: Record) -> bool:
    try:
        transactions.commit(users.LetGoSession(record.user_id, digest), sessions.End(digest), record)
    except Conflict:
        return False
    return True
