"""Challenges of WebAuthn: one-time tokens that only the browser that asked may answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from accounts import secrets
from accounts.limits import PASSKEY_CHALLENGE_LIFETIME, PASSKEY_CHALLENGES_PER_ADDRESS_PER_MINUTE
from accounts.model import one_time_tokens, throttles
from accounts.model.audit import Caller
from accounts.model.one_time_tokens import Consume, OneTimeTokens
from accounts.model.passkeys import Authenticators, Counterfeit
from accounts.model.throttles import Throttles
from accounts.model.users import User
from accounts.transactions import Transactions

Purpose = Literal["passkey-creation", "passkey-login", "passkey-reauthentication"]


class Invitation(Struct, frozen=True):
    """What an authenticator needs to answer ``challenge`` for ``user``, whose ``passkeys`` exist already."""

    challenge: str
    user: User


class Challenges(Struct, frozen=True):
    """``browser`` is the digest of a cookie: of a session, or of a login that has just begun."""

    tokens: OneTimeTokens
    throttles: Throttles
    transactions: Transactions
    authenticators: Authenticators

    def issue(self, purpose: Purpose, browser: str, caller: Caller, now: datetime) -> str:
        """A new challenge; raises TooManyAttempts."""
        limit, minute = PASSKEY_CHALLENGES_PER_ADDRESS_PER_MINUTE, timedelta(minutes=1)
        throttles.count(self.throttles, "passkey-challenge", caller.source, limit=limit, per=minute, now=now)
        challenge, token = one_time_tokens.issue(purpose, browser, lifetime=PASSKEY_CHALLENGE_LIFETIME, now=now)
        self.transactions.commit(one_time_tokens.Issue(token))
        return challenge

    def answered(self, purpose: Purpose, browser: str, client_data: str, now: datetime) -> tuple[str, Consume]:
        """The challenge that the response answers, and the change that uses it up.

        Raises Counterfeit when it is unknown, used, expired, for another purpose, or another browser's.
        """
        challenge = self.authenticators.challenge(client_data)
        token = one_time_tokens.find(self.tokens, purpose, challenge, now)
        if token is None or not secrets.equal(token.subject, browser):
            raise Counterfeit
        return challenge, Consume(token.key)
