"""Check the code of a second factor: counted first, then checked. It is used up by the transaction that it allows."""

from __future__ import annotations

import sys
from datetime import datetime

from msgspec import Struct

from accounts.errors import InvalidSecondFactor
from accounts.limits import SECOND_FACTOR_FAILURES_COUNTED, SECOND_FACTOR_FAILURES_TOLD
from accounts.model import attempts, messages, second_factors, throttles, user_agents
from accounts.model.attempts import Attempt
from accounts.model.audit import Caller
from accounts.model.factor_proofs import RecoveryCode, TotpCode
from accounts.model.messages import Outbox
from accounts.model.second_factors import Totp, TotpSecrets
from accounts.model.throttles import Increment, Throttles


class Checked(Struct, frozen=True):
    """``totp`` is the account's sealed secret, and ``streak`` the number of its streak, as they were read."""

    user_id: str
    totp: str
    streak: str


class FactorCheck(Struct, frozen=True):
    """A limit on one factor never closes the others: each has a streak of its own."""

    throttles: Throttles
    totp: Totp
    secrets: TotpSecrets

    def count(
        self, account: Checked, typed: str, *by_source: Increment, known: bool, now: datetime
    ) -> tuple[Attempt, str | RecoveryCode]:
        """The attempt, and what was typed: the code of an app, or a recovery code.

        Raises TooManyAttempts, or InvalidSecondFactor, uncounted, for what cannot be a code.
        """
        code = second_factors.totp_code(typed) or second_factors.recovery_proof(typed)
        factor = "totp" if isinstance(code, str) else "recovery_code"
        streak = attempts.factor_streak_key(factor, account.user_id, account.streak, known=known)
        return attempts.attempt(self.throttles, streak, *by_source, now=now, known=known), code

    def proof(
        self, account: Checked, attempt: Attempt, code: str | RecoveryCode, now: datetime
    ) -> TotpCode | RecoveryCode:
        """What the code proves, if the transaction finds it unused; raises InvalidSecondFactor.

        A recovery code has too many bits to be guessed, so that failures in a row never disable it.
        """
        if isinstance(code, RecoveryCode):
            return code
        step = self.totp.step(self.secrets.unseal(account.totp, account.user_id), code, now)
        if step is None or attempt.password_disabled:
            raise InvalidSecondFactor
        return TotpCode(account.totp, step)

    def failed(self, user_id: str, attempt: Attempt, notices: Outbox, caller: Caller, now: datetime) -> None:
        """Email the owner when ``attempt``, which failed, is the third: the first factor is known to someone.

        In known browsers, the third in a row. In others, each third in 30 days, whatever succeeds in between: otherwise
        a stranger would guess twice after each of the owner's logins, unnoticed.
        """
        if attempt.known:
            is_told = attempt.number == SECOND_FACTOR_FAILURES_TOLD
        else:
            days = SECOND_FACTOR_FAILURES_COUNTED
            window = throttles.window("factor-failed", user_id, limit=sys.maxsize, per=days, now=now)
            is_told = self.throttles.take(window, now) % SECOND_FACTOR_FAILURES_TOLD == 0
        if is_told:
            browser = user_agents.describe(caller.user_agent)
            notices.put(messages.SecondFactorFailed(user_id, browser, now, caller.source))
