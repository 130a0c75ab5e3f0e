"""Owners with a second factor, and their authenticator app."""

from copy import replace
from datetime import datetime, timedelta

import pyotp

from accounts.errors import SecondFactorRequired
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn, Opened
from accounts.model import user_agents
from accounts.model.audit import Caller
from accounts.model.factor_proofs import Trusted
from accounts.model.users import User
from tests.authenticators import Authenticator
from tests.unit.accounts.flows.passkeys.stage import BROWSER, PasskeyService
from tests.unit.accounts.flows.providers.stage import OAuthService
from tests.unit.accounts.stage import EMAIL, NOW, OWNER, PASSWORD, Service, cookie, operator_request

STEP = timedelta(seconds=30)
# The owner's browser, when it is trusted at NOW.
TRUSTED = Trusted(user_agents.describe(OWNER.user_agent), NOW, NOW + timedelta(days=30))


class App:
    """An authenticator app that holds a secret."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def code(self, at: datetime = NOW) -> str:
        return pyotp.TOTP(self.secret).at(at)


class FactorService(PasskeyService, OAuthService):
    """With Google, GitHub and passkeys."""

    def turn_on(self, owner: LoggedIn, now: datetime = NOW - STEP) -> tuple[App, tuple[str, ...]]:
        """Turn the second factor on in the owner's session, a step ago; returns the app and the recovery codes."""
        started = self.second_factor_setup.start(owner.session, now)
        app = App(started.secret)
        codes = self.second_factor_setup.confirm(owner.session, started.setup, app.code(now), OWNER, now)
        for forgotten in (self.world.counters, self.world.records, self.world.reads):
            forgotten.clear()
        for outbox in (self.outbox, self.notices):
            outbox.messages.clear()
        return app, codes

    def first_step(
        self, now: datetime = NOW, *, caller: Caller = OWNER, password: str = PASSWORD, remember: bool = False
    ) -> str:
        """The token of a pending login."""
        try:
            self.login.with_password(EMAIL, password, remember=remember, presented=None, caller=caller, now=now)
        except SecondFactorRequired as required:
            return required.pending
        message = "The login asked for no second factor."
        raise AssertionError(message)

    def finish_step(
        self,
        pending: str,
        code: str,
        now: datetime = NOW,
        *,
        trust: bool = False,
        caller: Caller = OWNER,
        presented: Credential | None = None,
    ) -> Opened:
        return self.second_step.log_in(pending, code, trust=trust, presented=presented, caller=caller, now=now)


def request_reset(service: Service, owner: LoggedIn, now: datetime = NOW) -> datetime:
    """As an operator does; returns when it takes effect."""
    return service.factor_reset.request(operator_request(owner.session.user_id), now).reset_at


def account(service: Service, owner: LoggedIn) -> User:
    return service.world.users[owner.session.user_id]


def sessions_of(service: Service, owner: LoggedIn) -> set[str]:
    return {it.digest for it in service.world.sessions.values() if it.user_id == owner.session.user_id}


def proven(service: FactorService, logged_in: LoggedIn) -> LoggedIn:
    """The login, as if it had proven the second factor."""
    session = replace(logged_in.session, second_factor="totp")
    service.world.sessions[session.digest] = session
    return replace(logged_in, session=session)


def with_passkey(service: FactorService, owner: LoggedIn) -> Authenticator:
    device = Authenticator()
    service.add(owner, device)
    return device


def passkey_login(service: FactorService, device: Authenticator, now: datetime = NOW) -> LoggedIn:
    return service.enter(service.answer(device, now), now, browser=BROWSER)


__all__ = ["cookie"]
