"""Sessions of clients, and the tokens that they get."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from accounts.errors import InvalidCredentials, InvalidGrant
from accounts.flows.people.session_opening import SessionOpening
from accounts.limits import BAD_GRANTS_PER_ADDRESS_PER_MINUTE, SIGNATURES_PER_ACCOUNT_PER_MINUTE
from accounts.model import access_tokens, sessions, throttles, users
from accounts.model.access_tokens import Signer
from accounts.model.audit import Caller
from accounts.model.one_time_tokens import Allowed
from accounts.model.sessions import Lengths, Session
from accounts.model.throttles import Increment, Throttles
from accounts.model.users import Approval, User, Users
from accounts.transactions import Change


class Tokens(Struct, frozen=True):
    """The tokens in plain text."""

    user_id: str
    access_token: str
    refresh_token: str
    scope: str

    def __repr__(self) -> str:
        """Omits the tokens: it may be printed in a traceback."""
        return f"Tokens(user_id={self.user_id!r})"


class Permission(Struct, frozen=True):
    """What the owner allowed, and when."""

    user_id: str
    allowed: Allowed
    at: datetime


class ClientSessions(Struct, frozen=True):
    """``issuer`` is the service's origin."""

    opening: SessionOpening
    users: Users
    lengths: Lengths
    signer: Signer
    throttles: Throttles
    issuer: str

    def open(
        self, permission: Permission, also: Callable[[Session], Iterable[Change]], caller: Caller, now: datetime
    ) -> Tokens:
        """Write the session together with ``also``, or nothing.

        Raises InvalidGrant, TooManyAttempts, or Conflict for one of ``also``.

        The session in which the owner consented must still exist, and the account must not have been secured since:
        changing or resetting a password or logging out everywhere cancels a pending consent. Signs the token first, so
        that a KMS failure costs the client nothing.
        """
        allowed = permission.allowed
        refresh, session = sessions.start_client(
            permission.user_id,
            client_id=allowed.client_id,
            resource=allowed.resource,
            scope=allowed.scope,
            method=allowed.method,
            second_factor=allowed.second_factor,
            proven_at=allowed.auth_time,
            lengths=self.lengths,
            caller=caller,
            now=now,
        )
        user = active(self.users, permission.user_id)
        throttles.take(self.throttles, signature_window(user.user_id, now), now=now)
        access = sign(self.signer, self.issuer, session, user, now)
        try:
            self.opening.open(session, *also(session), approval=Approval(allowed.session, permission.at))
        except InvalidCredentials as error:
            raise InvalidGrant from error
        return Tokens(permission.user_id, access, refresh, allowed.scope)


def sign(signer: Signer, issuer: str, session: Session, user: User, now: datetime) -> str:
    """An access token for the session; raises Unavailable."""
    return signer.sign(access_tokens.claims(issuer, session, user, now))


def signature_window(user_id: str, now: datetime) -> Increment:
    """The account's window of signatures: KMS limits the rate of the AWS account, which all owners share (DS-02)."""
    limit, minute = SIGNATURES_PER_ACCOUNT_PER_MINUTE, timedelta(minutes=1)
    return throttles.window("signature", user_id, limit=limit, per=minute, now=now)


def active(accounts: Users, user_id: str) -> User:
    """The active account; raises InvalidGrant."""
    user = users.find(accounts, user_id)
    if user is None:
        raise InvalidGrant
    return user


def count_bad_grant(counters: Throttles, caller: Caller, now: datetime) -> None:
    """Count a code or token that does not exist against its source, after the lookup; raises TooManyAttempts.

    256 random bits need no limit against guessing; this stops sources that keep asking.
    """
    minute = timedelta(minutes=1)
    limit = BAD_GRANTS_PER_ADDRESS_PER_MINUTE
    throttles.count(counters, "bad-grant", caller.source, limit=limit, per=minute, now=now)
