"""A person types the code that a device shows, sees who asks, and says yes or no (RFC 8628 3.3).

Typing it makes it theirs: from then on nobody else is told of it or can answer it. Looking uses nothing up, so a page
that is loaded again asks the same; the answer does, so of two answers one counts.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from accounts.errors import InvalidUserCode
from accounts.limits import USER_CODES_PER_ACCOUNT_PER_HOUR, USER_CODES_PER_ADDRESS_PER_MINUTE
from accounts.model import consents, device_codes, one_time_tokens, throttles, users
from accounts.model.audit import Caller
from accounts.model.consents import Decision
from accounts.model.one_time_tokens import (
    DEVICE_CODE,
    UNCLAIMED,
    USER_CODE,
    DeviceAnswer,
    OneTimeToken,
    OneTimeTokens,
    UserCode,
    token_key,
)
from accounts.model.sessions import Session
from accounts.model.throttles import Throttles
from accounts.model.users import User, Users
from accounts.transactions import Change, Conflict, Transactions


class DeviceQuestion(Struct, frozen=True):
    """What a device asks: for which program, how far it would be let in, from where and when; and who is asked."""

    client_id: str
    scope: str
    source: str
    user_agent: str
    asked_at: datetime
    user: User


class DeviceConsent(Struct, frozen=True):
    """Asks the person, and writes the answer down."""

    users: Users
    tokens: OneTimeTokens
    throttles: Throttles
    transactions: Transactions

    def question(self, text: str, session: Session, caller: Caller, now: datetime) -> DeviceQuestion:
        """What is asked by the code that was typed, which is theirs from now on.

        Raises Unauthenticated, TooManyAttempts, InvalidUserCode.
        """
        code = self._entered(text, session, caller, now)
        user = users.active(self.users, session.user_id)
        if code.subject == UNCLAIMED:
            self._commit(one_time_tokens.Take(replace(code, subject=user.user_id)))
        asked = UserCode.of(code)
        return DeviceQuestion(asked.client_id, asked.scope, asked.source, asked.user_agent, code.issued_at, user)

    def answer(self, text: str, decision: str, session: Session, caller: Caller, now: datetime) -> None:
        """Allow or deny the device's request, once.

        Only whoever was asked can answer. A yes is worth nothing once the session in which it was given has ended.
        Raises Unauthenticated, InvalidInput, TooManyAttempts, InvalidUserCode.
        """
        decided = consents.decision(decision)
        code = self._entered(text, session, caller, now)
        if code.subject == UNCLAIMED:
            raise InvalidUserCode
        users.active(self.users, session.user_id)
        answered = one_time_tokens.Take(_answered(code, decided, session, now))
        self._commit(one_time_tokens.Consume(code.key), answered)

    def _entered(self, text: str, session: Session, caller: Caller, now: datetime) -> OneTimeToken:
        """The live code, unclaimed or claimed by the session's account. Counted before the read, whatever it is."""
        hour, minute = timedelta(hours=1), timedelta(minutes=1)
        by_account, by_source = USER_CODES_PER_ACCOUNT_PER_HOUR, USER_CODES_PER_ADDRESS_PER_MINUTE
        theirs = throttles.window("user-code", session.user_id, limit=by_account, per=hour, now=now)
        from_here = throttles.window("user-code", caller.source, limit=by_source, per=minute, now=now)
        throttles.take(self.throttles, theirs, from_here, now=now)
        digest = device_codes.typed(text)
        code = self.tokens.get(token_key(USER_CODE, digest)) if digest else None
        if code is None or now >= code.expires_at or code.subject not in {UNCLAIMED, session.user_id}:
            raise InvalidUserCode
        return code

    def _commit(self, *changes: Change) -> None:
        try:
            self.transactions.commit(*changes)
        except Conflict as conflict:
            raise InvalidUserCode from conflict


def _answered(code: OneTimeToken, decision: Decision, session: Session, now: datetime) -> OneTimeToken:
    """The device's own code, as the device will find it: issued by the person, now, and good no longer than before."""
    asked = UserCode.of(code)
    answer = DeviceAnswer(asked.client_id, asked.scope, session.method, session.digest, decision)
    return OneTimeToken(DEVICE_CODE, asked.device, session.user_id, now, code.expires_at, answer.stored())
