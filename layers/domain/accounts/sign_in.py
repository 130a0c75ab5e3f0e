"""Logging in with an email address and a password.

One answer, one bcrypt and the same reads for every failure: unknown, wrong, unconfirmed, disabled, without a password,
or with a password disabled by guessing (ASVS 6.3.8). Three round trips when it succeeds: limits, identity, session.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from accounts import email_addresses, identities, passwords, throttles
from accounts.audit import Caller
from accounts.authentication import Credential
from accounts.errors import InvalidCredentials, Unavailable
from accounts.identities import Identities, Identity
from accounts.limits import ADDRESS_FAILURES_PER_HOUR, ADDRESS_FAILURES_PER_MINUTE
from accounts.passwords import PasswordHasher
from accounts.session_opening import SessionOpening, SignedIn, new_session
from accounts.throttles import Attempt, Throttles
from accounts.transactions import Change, Conflict

METHOD = "password"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class SignIn:
    """Lets a person in who knows the password of a confirmed address."""

    identities: Identities
    throttles: Throttles
    hasher: PasswordHasher
    opening: SessionOpening

    def with_password(
        self,
        email: str,
        password: str,
        *,
        remember: bool,
        presented: Credential | None,
        caller: Caller,
        now: datetime,
    ) -> SignedIn:
        """Sign in, ending the session that was ``presented``.

        Raises InvalidCredentials, whatever is not right, or TooManyAttempts before anything is looked at.
        """
        address = email_addresses.canonical(email)
        passwords.check_length(password)
        attempt = count_attempt(self.throttles, address, caller, now)
        signed_in = self._open(address, password, attempt, remember=remember, caller=caller, now=now)
        self.opening.end_presented(presented, caller, now)
        return signed_in

    def _open(
        self, address: str, password: str, attempt: Attempt, *, remember: bool, caller: Caller, now: datetime
    ) -> SignedIn:
        """Check the password and open the session, on the condition that the identity is still as it was read.

        If it changed meanwhile it is read and checked once more: a password that was changed is wrong now, one whose
        hash was only made anew by another log-in is not.
        """
        for _ in range(_TRIES):
            identity = self.identities.get(identities.email_key(address))
            verdict = self.hasher.verify(password, identity.password_hash if identity else None)
            if identity is None or not verdict.matches or not identity.can_log_in or attempt.doomed:
                raise InvalidCredentials
            signed_in = new_session(identity, method=METHOD, remember=remember, caller=caller, now=now)
            as_read = self._as_read(identity, password, outdated=verdict.outdated)
            try:
                self.opening.open(signed_in.session, *attempt.succeeded(), as_read)
            except Conflict:
                continue
            return signed_in
        raise Unavailable

    def _as_read(self, identity: Identity, password: str, *, outdated: bool) -> Change:
        """The condition that the identity is as it was read; an outdated hash is made anew on that condition."""
        if not outdated:
            return identities.Unchanged(identity)
        return identities.Replace(replace(identity, password_hash=self.hasher.hash(password)))


def count_attempt(store: Throttles, address: str, caller: Caller, now: datetime) -> Attempt:
    """Count one more try at the account's password, against the account and against where it comes from."""
    minute = throttles.window(
        "password", caller.source, limit=ADDRESS_FAILURES_PER_MINUTE, per=timedelta(minutes=1), now=now
    )
    hour = throttles.window("password", caller.source, limit=ADDRESS_FAILURES_PER_HOUR, per=timedelta(hours=1), now=now)
    return throttles.attempt(store, address, minute, hour, now=now)
