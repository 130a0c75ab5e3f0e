"""What a program gets when a person has let it in: a session of its own, and the tokens that go with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from accounts.errors import InvalidCredentials, InvalidGrant
from accounts.flows.people.session_opening import SessionOpening
from accounts.limits import BAD_GRANTS_PER_ADDRESS_PER_MINUTE
from accounts.model import access_tokens, sessions, throttles, users
from accounts.model.access_tokens import Signer
from accounts.model.audit import Caller
from accounts.model.sessions import Lengths, Method, Session
from accounts.model.throttles import Throttles
from accounts.model.users import Approval, User, Users
from accounts.transactions import Change


class Tokens(Struct, frozen=True):
    """A pair of tokens, which exist in the answer and nowhere else."""

    user_id: str
    access_token: str
    refresh_token: str
    scope: str

    def __repr__(self) -> str:
        """Without the tokens: it may end up in a traceback."""
        return f"Tokens(user_id={self.user_id!r})"


class Permission(Struct, frozen=True):
    """What a person allowed: which client, how far, in which session of theirs they said so, and when."""

    user_id: str
    client_id: str
    scope: str
    method: Method
    session: str
    at: datetime


class ClientSessions(Struct, frozen=True):
    """Opens sessions for clients. ``issuer`` is our own origin."""

    opening: SessionOpening
    users: Users
    lengths: Lengths
    signer: Signer
    issuer: str

    def open(
        self, permission: Permission, also: Callable[[Session], Iterable[Change]], caller: Caller, now: datetime
    ) -> Tokens:
        """Write the session together with ``also``, or nothing; raises InvalidGrant, or Conflict for one of ``also``.

        The session in which the person said yes must not have ended, nor have ended all others since: who changes or
        resets a password or logs out everywhere must not find a program let in afterwards. The token is signed first,
        so that a key that does not answer costs the client nothing.
        """
        refresh, session = sessions.start_client(
            permission.user_id,
            client_id=permission.client_id,
            scope=permission.scope,
            method=permission.method,
            lengths=self.lengths,
            caller=caller,
            now=now,
        )
        access = sign(self.signer, self.issuer, session, active(self.users, permission.user_id), now)
        try:
            self.opening.open(session, *also(session), approval=Approval(permission.session, permission.at))
        except InvalidCredentials as error:
            raise InvalidGrant from error
        return Tokens(permission.user_id, access, refresh, permission.scope)


def sign(signer: Signer, issuer: str, session: Session, user: User, now: datetime) -> str:
    """An access token for the session."""
    return signer.sign(access_tokens.claims(issuer, session, user, now))


def active(accounts: Users, user_id: str) -> User:
    """The account, which must be able to sign in; raises InvalidGrant."""
    user = users.find(accounts, user_id)
    if user is None:
        raise InvalidGrant
    return user


def count_bad_grant(counters: Throttles, caller: Caller, now: datetime) -> None:
    """Count a code or token that does not exist against its source, after the look; raises TooManyAttempts.

    256 random bits need no limit against guessing, and a source that goes on asking is told to stop.
    """
    minute = timedelta(minutes=1)
    limit = BAD_GRANTS_PER_ADDRESS_PER_MINUTE
    throttles.count(counters, "bad-grant", caller.source, limit=limit, per=minute, now=now)
