"""Login with Google or GitHub: redirect to the provider, and handle its callback.

``state`` is a one-time token that expires after ten minutes. It is stored with the provider, the PKCE verifier, the
nonce, the return URL and the digest of a cookie. A callback that is captured, replayed, or sent to another provider or
browser is therefore useless (RFC 9700 2.1, 4.4, 4.5, 4.7).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from accounts import errors, secrets
from accounts.errors import (
    CookiesBlocked,
    EmailMissing,
    EmailNotVerified,
    IdentityLinkedElsewhere,
    IdentityNotLinked,
    LoginDeclined,
    LoginExpired,
    OriginNotAllowed,
    ProviderNotTrusted,
    ProviderUnavailable,
    SecondFactorRequired,
    Unauthenticated,
)
from accounts.flows.people.authentication import Credential, SessionAuthentication
from accounts.flows.people.session_opening import LoggedIn
from accounts.flows.providers.identity_linking import IdentityLinking
from accounts.limits import (
    LINKS_STARTED_PER_ACCOUNT_PER_DAY,
    OAUTH_STARTS_PER_ADDRESS_PER_MINUTE,
    OAUTH_STATE_LIFETIME,
)
from accounts.model import one_time_tokens, throttles
from accounts.model.audit import Caller
from accounts.model.identities import Identities, email_key, provider_key
from accounts.model.linking import AddressReused, BelongsToAnother, ConfirmAddress, NoAddress, decide
from accounts.model.one_time_tokens import OAUTH_STATE, OneTimeTokens, ProviderState
from accounts.model.origins import Allowlist
from accounts.model.providers import LINK, LOGIN, REAUTHENTICATE, Challenge, Intent, ProviderPerson, Providers
from accounts.model.sessions import Session
from accounts.model.throttles import Throttles
from accounts.transactions import Conflict, Transactions

_BROWSER_NAME_CHARACTERS = 8


class Departure(Struct, frozen=True):
    """The URL to redirect to, and the ``browser`` secret for the cookie named after ``state_id``."""

    url: str
    state_id: str
    browser: str

    def __repr__(self) -> str:
        """Omits the secrets: it may be printed in a traceback."""
        return f"Departure(state_id={self.state_id!r})"


class Arrival(Struct, frozen=True):
    """The URL to redirect to. ``logged_in`` is None when a provider was linked."""

    return_url: str
    user_id: str
    logged_in: LoggedIn | None


class Callback(Struct, frozen=True):
    """The parameters of a provider's redirect (RFC 6749 4.1.2, RFC 9207), and the browser's secret for this state."""

    state: str
    code: str
    error: str
    issuer: str
    browser: str

    def __repr__(self) -> str:
        """Omits the secrets: it may be printed in a traceback."""
        return f"Callback(error={bool(self.error)})"


class ProviderDeparture(Struct, frozen=True):
    """Redirects browsers to a provider."""

    providers: Providers
    allowlist: Allowlist
    throttles: Throttles
    transactions: Transactions

    def login(self, provider: str, return_to: str, caller: Caller, now: datetime) -> Departure:
        """Start a login. Raises ProviderOff, OriginNotAllowed or TooManyAttempts."""
        return self._depart(provider, return_to, caller, now, intent=LOGIN)

    def link(self, provider: str, return_to: str, session: Session, caller: Caller, now: datetime) -> Departure:
        """Start linking a provider to the session's account. Also raises TooManyAttempts for the account."""
        limit, day = LINKS_STARTED_PER_ACCOUNT_PER_DAY, timedelta(days=1)
        throttles.count(self.throttles, "link", session.user_id, limit=limit, per=day, now=now)
        return self._depart(provider, return_to, caller, now, intent=LINK, session=session.digest)

    def reauthenticate(
        self, provider: str, return_to: str, session: Session, caller: Caller, now: datetime
    ) -> Departure:
        """Start a re-authentication for a step that needs a recent login."""
        return self._depart(provider, return_to, caller, now, intent=REAUTHENTICATE, session=session.digest)

    def _depart(
        self, name: str, return_to: str, caller: Caller, now: datetime, *, intent: Intent, session: str = ""
    ) -> Departure:
        provider, return_url = self.providers.get(name), self.allowlist.return_url(return_to)
        if return_url is None:
            raise OriginNotAllowed
        limit, minute = OAUTH_STARTS_PER_ADDRESS_PER_MINUTE, timedelta(minutes=1)
        throttles.count(self.throttles, "oauth", caller.source, limit=limit, per=minute, now=now)
        browser, challenge = secrets.new_token(), Challenge(secrets.new_token(), secrets.new_token())
        payload = ProviderState(
            challenge.verifier, challenge.nonce, return_url, secrets.digest(browser), intent, session
        )
        state, token = one_time_tokens.issue(OAUTH_STATE, name, lifetime=OAUTH_STATE_LIFETIME, now=now, payload=payload)
        self.transactions.commit(one_time_tokens.Issue(token))
        return Departure(provider.authorization_url(state, challenge), state_id(state), browser)


class ProviderArrival(Struct, frozen=True):
    """Handles callbacks of providers."""

    providers: Providers
    tokens: OneTimeTokens
    identities: Identities
    authentication: SessionAuthentication
    transactions: Transactions
    linking: IdentityLinking

    def arrive(
        self, name: str, callback: Callback, presented: Credential | None, caller: Caller, now: datetime
    ) -> Arrival:
        """Finish what the state was issued for, once.

        Raises LoginExpired, CookiesBlocked, LoginDeclined, ProviderNotTrusted, ProviderUnavailable, EmailMissing,
        EmailNotVerified (an email was queued), AddressReused, IdentityLinkedElsewhere, IdentityNotLinked,
        SecondFactorRequired, or Unauthenticated when the session that asked has ended. When it raises, no account, link
        or session was written.
        """
        provider = self.providers.get(name)
        state = self._use_up(name, callback, now)
        if callback.error:
            # RFC 6749 4.1.2.1: access_denied is the person's decision. Other errors are outages or misconfiguration.
            if callback.error != "access_denied":
                raise ProviderUnavailable
            raise LoginDeclined(name, state.return_url, logged_in=state.intent != LOGIN)
        if callback.issuer and callback.issuer != provider.issuer:
            raise ProviderNotTrusted
        session = self._session_that_asked(state, presented, now)
        challenge = Challenge(state.verifier, state.nonce)
        person = provider.person(callback.code, challenge, now)
        try:
            if session is not None and state.intent == REAUTHENTICATE:
                return self._reauthenticated(person, state, session, caller, now)
            return self._welcome(person, state, session, callback.browser, presented, caller, now)
        except SecondFactorRequired as required:
            raise SecondFactorRequired(required.pending, required.factors, state.return_url) from required

    def _use_up(self, name: str, callback: Callback, now: datetime) -> ProviderState:
        """Consume the state before calling the provider, so that a replay is refused here."""
        token = one_time_tokens.find(self.tokens, OAUTH_STATE, callback.state, now) if callback.state else None
        if token is None or token.subject != name:
            raise LoginExpired
        state = ProviderState.of(token)
        # Only the browser that started may consume the state, so that an attacker who saw it cannot invalidate it.
        if not callback.browser or not secrets.equal(secrets.digest(callback.browser), state.browser):
            raise CookiesBlocked
        try:
            self.transactions.commit(one_time_tokens.Consume(token.key))
        except Conflict as conflict:
            raise LoginExpired from conflict
        return state

    def _session_that_asked(self, state: ProviderState, presented: Credential | None, now: datetime) -> Session | None:
        """The session that started linking or re-authentication; None for a login."""
        if state.intent == LOGIN:
            return None
        session = self.authentication.find(presented, now)
        if session is None or session.digest != state.session:
            raise Unauthenticated
        return session

    def _reauthenticated(
        self,
        person: ProviderPerson,
        state: ProviderState,
        session: Session,
        caller: Caller,
        now: datetime,
    ) -> Arrival:
        """Open a new session when the provider's subject is linked to the session's account."""
        known = self.identities.get(provider_key(person.provider, person.subject))
        if known is None or not known.can_log_in or known.user_id != session.user_id:
            raise IdentityNotLinked
        logged_in = self.linking.reauthenticate(known, session, caller, now)
        return Arrival(state.return_url, session.user_id, logged_in)

    def _welcome(
        self,
        person: ProviderPerson,
        state: ProviderState,
        session: Session | None,
        browser: str,
        presented: Credential | None,
        caller: Caller,
        now: datetime,
    ) -> Arrival:
        local = self.identities.get(email_key(person.email)) if person.email else None
        known = self.identities.get(provider_key(person.provider, person.subject))
        linking_to = session.user_id if session else None
        account = self.linking.account_of(local)
        decision = decide(person, known=known, local=local, account=account, linking_to=linking_to)
        match decision:
            case BelongsToAnother():
                raise IdentityLinkedElsewhere
            case AddressReused():
                raise errors.AddressReused
            case NoAddress():
                raise EmailMissing
            case ConfirmAddress():
                self.linking.request_confirmation(person, account, secrets.digest(browser), caller.language, now)
                raise EmailNotVerified(person.provider, person.email, state.return_url)
        return_url = state.return_url
        if session is not None:
            self.linking.link(person, decision, session, caller, now)
            return Arrival(return_url, session.user_id, None)
        logged_in = self.linking.login(person, decision, known, presented, caller, now)
        return Arrival(return_url, logged_in.session.user_id, logged_in)


def state_id(state: str) -> str:
    """A short name of the state for its cookie, so that concurrent logins in one browser have separate cookies."""
    return secrets.digest(state)[:_BROWSER_NAME_CHARACTERS]
