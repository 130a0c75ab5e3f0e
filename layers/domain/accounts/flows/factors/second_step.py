"""Finish a login with the second factor. The pending login is no session: it opens nothing else.

An account without a second factor may have to enter a code by email instead.

In a known browser, a success takes three round trips: the pending login, the counter, and the session, whose
transaction also uses up the code and the pending login. Another browser takes two more, for the counter of its source
and the identity, which remembers it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from accounts.errors import InvalidCredentials, InvalidSecondFactor, PendingLoginExpired
from accounts.flows.factors.factor_check import Checked, FactorCheck
from accounts.flows.people.authentication import Credential
from accounts.flows.people.browser_confirmation import BrowserConfirmation
from accounts.flows.people.session_opening import Opened, SecondFactorMissing, SessionOpening, notify_owner
from accounts.limits import (
    SECOND_STEPS_PER_ADDRESS_PER_MINUTE,
    TRUSTED_BROWSER_KEPT,
    TRUSTED_BROWSERS_PER_ACCOUNT,
)
from accounts.model import (
    identities,
    known_browsers,
    login_codes,
    messages,
    one_time_tokens,
    second_factors,
    throttles,
    user_agents,
)
from accounts.model.audit import Caller
from accounts.model.factor_proofs import Factor, RecoveryCode, TotpCode, Trust, Trusted
from accounts.model.identities import Identities, Identity
from accounts.model.known_browsers import Browser
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import PENDING_LOGIN, OneTimeToken, OneTimeTokens, PendingLogin
from accounts.model.sessions import Session
from accounts.transactions import Change, Conflict, retry_on_conflict


class SecondStep(Struct, frozen=True):
    """A failure of ``notices`` is ignored."""

    tokens: OneTimeTokens
    identities: Identities
    check: FactorCheck
    confirmation: BrowserConfirmation
    opening: SessionOpening
    notices: Outbox

    def log_in(
        self, pending: str, code: str, *, trust: bool, presented: Credential | None, caller: Caller, now: datetime
    ) -> Opened:
        """Open the session of the pending login, ending the ``presented`` one. ``trust`` the browser for 30 days.

        Raises PendingLoginExpired, InvalidSecondFactor, or TooManyAttempts before the code is checked.
        """
        token = one_time_tokens.find(self.tokens, PENDING_LOGIN, pending, now)
        if token is None:
            raise PendingLoginExpired
        begun = PendingLogin.of(token)
        if begun.awaits_email:
            throttles.take(self.check.throttles, _source(caller, now), now=now)
            self.confirmation.check(pending, token, code, now)
            return self._opened(token, begun, None, trust=False, presented=presented, caller=caller, now=now)
        known, account = bool(begun.known_browser), Checked(token.subject, begun.totp, begun.streak)
        sources = () if known else (_source(caller, now),)
        attempt, typed = self.check.count(account, code, *sources, known=known, now=now)
        try:
            proof = self.check.proof(account, attempt, typed, now)
            opened = self._opened(token, begun, proof, trust=trust, presented=presented, caller=caller, now=now)
        except InvalidSecondFactor:
            self.check.failed(token.subject, attempt, self.notices, caller, now)
            raise
        attempt.succeeded(self.check.throttles)
        if isinstance(proof, RecoveryCode):
            browser = user_agents.describe(caller.user_agent)
            self.notices.put(messages.RecoveryCodeUsed(token.subject, browser, now, caller.source))
        return opened

    def _opened(
        self,
        token: OneTimeToken,
        begun: PendingLogin,
        proof: TotpCode | RecoveryCode | None,
        *,
        trust: bool,
        presented: Credential | None,
        caller: Caller,
        now: datetime,
    ) -> Opened:
        """Reads the identity again on each retry: a concurrent login may have changed it."""
        replaced = self._replaced(begun, presented)
        browser, second_factor = known_browsers.of(caller), second_factors.name_of(proof)
        codes = () if proof else (one_time_tokens.Discard(login_codes.key(token)),)
        given = _trust(browser, caller, now) if trust and not begun.replaces else None

        def attempted() -> Opened:
            opened = self.opening.finish(token, browser, second_factor, caller, now)
            before, reason = self._first_factor(token, begun, browser.digest)
            changes = (one_time_tokens.Consume(token.key), reason, *codes)
            self._open(begun, opened.session, *changes, proof=proof, trust=given, instead_of=replaced)
            notify_owner(self.notices, before, opened, failures=int(begun.failures))
            return opened

        return retry_on_conflict(attempted, identities.Replace)

    def _open(
        self,
        begun: PendingLogin,
        session: Session,
        *changes: Change,
        proof: Factor | None,
        trust: Trust | None,
        instead_of: Session | None,
    ) -> None:
        try:
            resets = begun.awaits_email
            self.opening.open(session, *changes, proof=proof, trust=trust, instead_of=instead_of, resets=resets)
        except SecondFactorMissing as missing:
            # Another secret: the second factor was turned on or off, or set up again.
            raise (InvalidSecondFactor if missing.user.totp == begun.totp else PendingLoginExpired) from missing
        except InvalidCredentials as gone:
            raise PendingLoginExpired from gone
        except Conflict as conflict:
            if conflict.concerns(one_time_tokens.Consume) or conflict.concerns(identities.StillVerified):
                raise PendingLoginExpired from conflict
            raise

    def _first_factor(self, token: OneTimeToken, begun: PendingLogin, browser: str) -> tuple[Identity | None, Change]:
        """The condition that the first factor is still right, and for a new browser, the identity that remembers it."""
        if begun.known_browser:
            return None, identities.StillVerified(begun.identity, token.subject, token.issued_at)
        identity = self.identities.get(begun.identity)
        if identity is None or not identity.can_log_in or identity.user_id != token.subject:
            raise PendingLoginExpired
        if identities.is_outdated(identity, token.issued_at):
            raise PendingLoginExpired
        return identity, identities.Replace(known_browsers.remember(identity, browser))

    def _replaced(self, begun: PendingLogin, presented: Credential | None) -> Session | None:
        """The session that ends: the one that is re-authenticated, which must be the browser's, or any other."""
        session = self.opening.presented(presented)
        if begun.replaces and (session is None or session.digest != begun.replaces):
            raise PendingLoginExpired
        return session


def _trust(browser: Browser, caller: Caller, now: datetime) -> Trust:
    given = Trusted(user_agents.describe(caller.user_agent), now, now + TRUSTED_BROWSER_KEPT)
    return Trust(browser.digest, given, TRUSTED_BROWSERS_PER_ACCOUNT)


def _source(caller: Caller, now: datetime) -> throttles.Increment:
    limit, minute = SECOND_STEPS_PER_ADDRESS_PER_MINUTE, timedelta(minutes=1)
    return throttles.window("second-step", caller.source, limit=limit, per=minute, now=now)
