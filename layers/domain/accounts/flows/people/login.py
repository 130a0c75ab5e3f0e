"""Log in with an email address and a password.

Every failure gets the same answer, one bcrypt and the same reads: unknown, wrong, unconfirmed, disabled, without a
password, or with a password disabled by failures (ASVS 6.3.8). From a known browser, a success takes three round trips:
identity, the account's counter, and the session, whose transaction also makes that count of failures a new one. Another
browser takes one more, for the counter of its source, and behind a busy source a last one, which lowers it again.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING

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
from accounts.model.passwords import PasswordHasher
from accounts.model.sessions import PASSWORD, Session
from accounts.model.source_limits import SourceLimits
from accounts.model.throttles import Throttles
from accounts.model.users import User
from accounts.transactions import Change, Conflict, retry_on_conflict

if TYPE_CHECKING:
    # Few deployments ask for a code by email.
    from accounts.flows.people.browser_confirmation import BrowserConfirmation


class Login(Struct, frozen=True):
    """A failure of ``notices`` is ignored. Without ``sources``, attempts are counted by account alone.

    Without ``confirmation``, a browser that the account does not know needs no code by email.
    """

    identities: Identities
    throttles: Throttles
    sources: SourceLimits | None
    hasher: PasswordHasher
    opening: SessionOpening
    notices: Outbox
    confirmation: BrowserConfirmation | None = None

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
        """Log in, ending the ``presented`` session or ``instead_of``, which must belong to the same account.

        Raises InvalidCredentials whatever the reason, or ProofRequired or TooManyAttempts before it is checked. When
        the password was right: SecondFactorRequired, or what ``confirmation`` raises.
        """
        address = email_addresses.canonical(email)
        passwords.check_length(password)
        read = self.identities.get(identities.email_key(address))
        attempt = self._counted(address, read, caller, now)
        try:
            before, logged_in = self._open(
                address, read, password, attempt, presented, instead_of, remember=remember, caller=caller, now=now
            )
        except InvalidCredentials:
            failed_logins.notify_owner(self.notices, address, attempt, caller, now)
            raise
        attempt.succeeded(self.throttles)
        notify_owner(self.notices, before, logged_in, failures=attempt.failures)
        return logged_in

    def _counted(self, address: str, read: Identity | None, caller: Caller, now: datetime) -> Attempt:
        known = known_browsers.is_known(read, caller)
        streak = attempts.streak_key(address, read, known=known)
        if known or self.sources is None:
            return attempts.attempt(self.throttles, streak, now=now, known=known)
        return self.sources.count_login(streak, caller, now)

    def _open(
        self,
        address: str,
        read: Identity | None,
        password: str,
        attempt: Attempt,
        presented: Credential | None,
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
        verified = cache(partial(self.hasher.verify, password))
        renewed = cache(partial(self.hasher.hash, password))
        replaced = cache(partial(self.opening.presented, presented))

        def attempted(identity: Identity | None) -> tuple[Identity, LoggedIn]:
            verdict = verified(identity.password_hash if identity else None)
            if identity is None or not verdict.matches or not identity.can_log_in or attempt.password_disabled:
                raise InvalidCredentials
            _check_same_account(instead_of, identity)
            logged_in = self.opening.begin(identity, method=PASSWORD, remember=remember, caller=caller, now=now)
            new_hash = renewed() if verdict.outdated else None
            after, meanwhile = (_after_login(it, new_hash, attempt) for it in (logged_in.identity, identity))
            log_in = partial(self.opening.log_in, logged_in, caller=caller, reauthenticating=instead_of)
            ended = instead_of or replaced()
            asked = None if instead_of else self._confirmed(logged_in, meanwhile, attempt)
            log_in(after, instead_of=ended, meanwhile=(meanwhile,), failures=attempt.failures, with_factor=asked)
            return identity, logged_in

        try:
            return attempted(read)
        except Conflict:
            return retry_on_conflict(lambda: attempted(self.identities.get(identities.email_key(address))))

    def _confirmed(self, logged_in: LoggedIn, meanwhile: Change, attempt: Attempt) -> User | None:
        """Ask for a code in a browser that is not known; returns the account if it has a second factor instead."""
        if self.confirmation is None or not logged_in.is_new_browser:
            return None
        return self.confirmation.require(logged_in, meanwhile, failures=attempt.failures)


def _after_login(identity: Identity, renewed: str | None, attempt: Attempt) -> Change:
    """Begin a new streak, and store the known browser and a renewed hash. Refused when the identity has changed.

    A login that waits for its second factor does this at once, except for the browser: the password was right.
    """
    numbered = identities.with_new_streak(identity, known=attempt.known)
    return identities.Replace(replace(numbered, password_hash=renewed) if renewed else numbered)


def _check_same_account(instead_of: Session | None, identity: Identity) -> None:
    """The address may have moved to another account concurrently: re-authentication must not switch accounts."""
    if instead_of is not None and instead_of.user_id != identity.user_id:
        raise InvalidCredentials
