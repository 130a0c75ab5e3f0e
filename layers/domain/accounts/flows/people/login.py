"""Log in with an email address and a password.

Every failure gets the same answer, one bcrypt and the same reads: unknown, wrong, unconfirmed, disabled, without a
password, or with a password disabled by failures (ASVS 6.3.8). From a known browser, a success takes four round trips:
identity, the account's counter, session, and clearing the counter. Another browser takes two more, for the counter of
its source. The last ones cannot fail a login.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime
from functools import cache

from msgspec import Struct

from accounts.errors import InvalidCredentials
from accounts.flows.people import failed_logins
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn, SessionOpening, notify_owner
from accounts.model import attempts, email_addresses, identities, known_browsers, passwords
from accounts.model.attempts import Attempt
from accounts.model.audit import Caller
from accounts.model.identities import Identities, Identity
from accounts.model.messages import Outbox
from accounts.model.passwords import PasswordHasher, Verdict
from accounts.model.sessions import PASSWORD, Session
from accounts.model.source_limits import SourceLimits
from accounts.model.throttles import Throttles
from accounts.transactions import Change, Conflict, retry_on_conflict


class Login(Struct, frozen=True):
    """A failure of ``notices`` is ignored. Without ``sources``, attempts are counted by account alone."""

    identities: Identities
    throttles: Throttles
    sources: SourceLimits | None
    hasher: PasswordHasher
    opening: SessionOpening
    notices: Outbox

    def with_password(
        self,
        email: str,
        password: str,
        *,
        remember: bool,
        presented: Credential | None,
        caller: Caller,
        now: datetime,
        instead_of: Session | None = None,
    ) -> LoggedIn:
        """Log in, ending the ``presented`` session, or ``instead_of`` in the same transaction.

        Raises InvalidCredentials whatever the reason, or ProofRequired or TooManyAttempts before it is checked.
        """
        address = email_addresses.canonical(email)
        passwords.check_length(password)
        read = self.identities.get(identities.email_key(address))
        known = known_browsers.is_known(read, caller)
        attempt = (
            attempts.attempt(self.throttles, address, now=now, known=known)
            if known or self.sources is None
            else self.sources.count_login(address, caller, now)
        )
        try:
            before, logged_in = self._open(
                address, read, password, attempt, instead_of, remember=remember, caller=caller, now=now
            )
        except InvalidCredentials:
            failed_logins.notify_owner(self.notices, address, attempt, caller, now)
            raise
        attempt.succeeded(self.throttles)
        # First: ending the presented session may fail, and by then the account knows this browser.
        notify_owner(self.notices, before, logged_in, failures=attempt.failures)
        self.opening.end_presented(presented, caller, now)
        return logged_in

    def _open(
        self,
        address: str,
        read: Identity | None,
        password: str,
        attempt: Attempt,
        instead_of: Session | None,
        *,
        remember: bool,
        caller: Caller,
        now: datetime,
    ) -> tuple[Identity, LoggedIn]:
        """Check the password and open the session, if the identity has not changed since ``read``.

        Retries with the new state: if the password changed, it is verified against the new hash; if not, the result is
        cached, so that concurrent logins that remember their browsers do not refuse each other.
        """

        @cache
        def verified(stored: str | None) -> Verdict:
            return self.hasher.verify(password, stored)

        @cache
        def renewed() -> str:
            return self.hasher.hash(password)

        def attempted(identity: Identity | None) -> tuple[Identity, LoggedIn]:
            verdict = verified(identity.password_hash if identity else None)
            if identity is None or not verdict.matches or not identity.can_log_in or attempt.password_disabled:
                raise InvalidCredentials
            _check_same_account(instead_of, identity)
            logged_in = self.opening.begin(identity, method=PASSWORD, remember=remember, caller=caller, now=now)
            as_read = _as_read(logged_in, renewed() if verdict.outdated else None)
            self.opening.open(logged_in.session, as_read, instead_of=instead_of)
            return identity, logged_in

        try:
            return attempted(read)
        except Conflict:
            return retry_on_conflict(lambda: attempted(self.identities.get(identities.email_key(address))))


def _check_same_account(instead_of: Session | None, identity: Identity) -> None:
    """The address may have moved to another account concurrently: re-authentication must not switch accounts."""
    if instead_of is not None and instead_of.user_id != identity.user_id:
        raise InvalidCredentials


def _as_read(logged_in: LoggedIn, renewed: str | None) -> Change:
    """Require an identity that has not changed since it was read, and store its known browser and renewed hash."""
    identity = logged_in.identity
    if renewed is not None:
        return identities.Replace(replace(identity, password_hash=renewed))
    return identities.Replace(identity) if logged_in.is_new_browser else identities.Unchanged(identity)
