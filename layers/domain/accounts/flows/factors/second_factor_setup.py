"""Turn the second factor on: a new secret, confirmed with a code. Needs a recent login."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from accounts.errors import (
    ReauthenticationRequired,
    SecondFactorNotOffered,
    SecondFactorOn,
    SetupExpired,
    WrongSecondFactor,
)
from accounts.limits import SECOND_FACTOR_CHANGES_PER_ACCOUNT_PER_DAY, SECOND_FACTOR_SETUP_LIFETIME
from accounts.model import messages, one_time_tokens, second_factors, sessions, throttles, user_agents, users
from accounts.model.audit import Caller, Record
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import SECOND_FACTOR_SETUP, FactorSetup, OneTimeToken, OneTimeTokens
from accounts.model.second_factors import Totp, TotpSecrets
from accounts.model.sessions import Session
from accounts.model.throttles import Throttles
from accounts.model.users import User, Users
from accounts.transactions import Conflict, Transactions, retry_on_conflict


class Started(Struct, frozen=True):
    """``setup`` names the setup when it is confirmed; ``secret`` is for the authenticator app."""

    setup: str
    secret: str
    email: str

    def __repr__(self) -> str:
        """Omits the secrets: it may be printed in a traceback."""
        return "Started()"


class SecondFactorSetup(Struct, frozen=True):
    """A failure of ``notices`` is ignored. Both steps raise SecondFactorNotOffered unless ``is_offered``."""

    users: Users
    tokens: OneTimeTokens
    throttles: Throttles
    totp: Totp
    secrets: TotpSecrets
    transactions: Transactions
    notices: Outbox
    is_offered: bool = True

    def start(self, session: Session, now: datetime) -> Started:
        """A new secret for the session's account; raises SecondFactorOn, TooManyAttempts or Unauthenticated."""
        user = self._without(session)
        count_change(self.throttles, user.user_id, now)
        secret = self.totp.new_secret()
        payload = FactorSetup(self.secrets.seal(secret, user.user_id))
        setup, token = one_time_tokens.issue(
            SECOND_FACTOR_SETUP, session.digest, lifetime=SECOND_FACTOR_SETUP_LIFETIME, now=now, payload=payload
        )
        self.transactions.commit(one_time_tokens.Issue(token))
        return Started(setup, secret, user.email)

    def confirm(self, session: Session, setup: str, code: str, caller: Caller, now: datetime) -> tuple[str, ...]:
        """Turn it on and end all other sessions; returns the recovery codes.

        Raises SetupExpired, WrongSecondFactor, SecondFactorOn, TooManyAttempts or Unauthenticated.
        """
        count_change(self.throttles, session.user_id, now)
        token = one_time_tokens.find(self.tokens, SECOND_FACTOR_SETUP, setup, now)
        if token is None or token.subject != session.digest:
            raise SetupExpired
        sealed, typed = FactorSetup.of(token).totp, second_factors.totp_code(code)
        secret = self.secrets.unseal(sealed, session.user_id)
        step = self.totp.step(secret, typed, now) if typed else None
        if step is None:
            raise WrongSecondFactor
        codes = second_factors.new_recovery_codes()
        retry_on_conflict(
            lambda: self._turn_on(session, token, sealed, step, codes, caller, now), second_factors.TurnOn
        )
        self.notices.put(messages.SecondFactorTurnedOn(session.user_id, **user_agents.place(caller, now)))
        return codes

    def _without(self, session: Session) -> User:
        """The account. One with a passkey is not set up by a session that only knows the password."""
        if not self.is_offered:
            raise SecondFactorNotOffered
        user = users.active(self.users, session.user_id)
        if session.enrolling and user.passkeys:
            raise ReauthenticationRequired
        if second_factors.is_on(user):
            raise SecondFactorOn
        return user

    def _turn_on(
        self,
        session: Session,
        token: OneTimeToken,
        sealed: str,
        step: int,
        codes: tuple[str, ...],
        caller: Caller,
        now: datetime,
    ) -> None:
        user = self._without(session)
        others, digests = users.other_sessions(user, session.digest), second_factors.digests(codes)
        try:
            self.transactions.commit(
                one_time_tokens.Consume(token.key),
                second_factors.TurnOn(user, sealed, step, digests, session.digest, now),
                *map(sessions.End, others),
                *([sessions.Enrol(session.digest)] if session.enrolling else []),
                Record(user.user_id, "authn_second_factor_on", now, caller),
                *second_factors.reset_cancelled(user, caller, now),
            )
        except Conflict as conflict:
            if conflict.concerns(one_time_tokens.Consume):
                raise SetupExpired from conflict
            raise


def count_change(counters: Throttles, user_id: str, now: datetime) -> None:
    limit, day = SECOND_FACTOR_CHANGES_PER_ACCOUNT_PER_DAY, timedelta(days=1)
    throttles.count(counters, "second-factor-change", user_id, limit=limit, per=day, now=now)
