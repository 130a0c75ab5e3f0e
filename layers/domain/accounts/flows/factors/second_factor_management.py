"""Show the second factor, turn it off, replace the recovery codes, and end the trust in browsers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime

from msgspec import Struct

from accounts import secrets
from accounts.errors import InvalidSecondFactor, NotFound, SecondFactorOff, WrongSecondFactor
from accounts.flows.factors.factor_check import Checked, FactorCheck
from accounts.flows.factors.second_factor_setup import count_change
from accounts.limits import TRUSTED_BROWSERS_PER_ACCOUNT
from accounts.model import messages, second_factors, sessions, user_agents, users
from accounts.model.audit import Caller, Record
from accounts.model.factor_proofs import Factor, UsedPasskey
from accounts.model.messages import Outbox
from accounts.model.passkeys import public_id
from accounts.model.second_factors import Status
from accounts.model.sessions import Session
from accounts.model.users import User, Users
from accounts.transactions import Transactions, retry_on_conflict


class SecondFactorStatus(Struct, frozen=True):
    users: Users

    def of_account(self, user_id: str, now: datetime) -> Status:
        return second_factors.status(users.active(self.users, user_id), now)


class TrustRevocation(Struct, frozen=True):
    users: Users
    transactions: Transactions

    def end(self, user_id: str, ids: Collection[str], caller: Caller, now: datetime) -> None:
        """Ask the browsers with these ids for a code at their next login.

        Raises NotFound when the account trusts none of them. The trust in some may have ended before or concurrently,
        which is not an error.
        """
        asked = frozenset(ids)
        if len(asked) > TRUSTED_BROWSERS_PER_ACCOUNT or not all(map(secrets.is_digest, asked)):
            raise NotFound
        retry_on_conflict(lambda: self._end_found(user_id, asked, caller, now))

    def _end_found(self, user_id: str, asked: frozenset[str], caller: Caller, now: datetime) -> None:
        user = users.active(self.users, user_id)
        found = frozenset(it for it in user.trusted_browsers if second_factors.public_id(it) in asked)
        if not found:
            raise NotFound
        names = sorted({user.trusted_browsers[browser].name for browser in found})
        record = Record(user_id, "authn_browser_trust_ended", now, caller, {"name": ", ".join(names)})
        self.transactions.commit(second_factors.EndTrust(user_id, found), record)


class ResetCancellation(Struct, frozen=True):
    """Keeps the second factor that an operator was asked to reset. A failure of ``notices`` is ignored."""

    users: Users
    transactions: Transactions
    notices: Outbox

    def cancel(self, session: Session, caller: Caller, now: datetime) -> None:
        """Raises Unauthenticated when the session has ended.

        A reset that is cancelled already is not an error: confirming the login with a factor cancels it.
        """
        if retry_on_conflict(lambda: self._cancel(session, caller, now)):
            self.notices.put(messages.SecondFactorResetCancelled(session.user_id, **user_agents.place(caller, now)))

    def _cancel(self, session: Session, caller: Caller, now: datetime) -> bool:
        user = users.of_session(self.users, session.user_id, session.digest)
        record = second_factors.reset_cancelled(user, caller, now)
        if record:
            self.transactions.commit(second_factors.SetReset(user, None), *record)
        return bool(record)


class SecondFactorManagement(Struct, frozen=True):
    """Changes need a recent login, and a factor.

    ``code`` is one of the app or a recovery code; a session that a passkey opened needs none.

    All methods raise SecondFactorOff, WrongSecondFactor, TooManyAttempts, or Unauthenticated when the session has
    ended. A failure of ``notices`` is ignored.
    """

    users: Users
    check: FactorCheck
    transactions: Transactions
    notices: Outbox

    def turn_off(self, session: Session, code: str, caller: Caller, now: datetime) -> None:
        """End all other sessions, and the trust in browsers."""
        self._change(session, code, caller, now, lambda user, proof: self._turn_off(user, proof, session, caller, now))
        self.notices.put(messages.SecondFactorTurnedOff(session.user_id, **user_agents.place(caller, now)))

    def replace_codes(self, session: Session, code: str, caller: Caller, now: datetime) -> tuple[str, ...]:
        """New recovery codes; the old ones stop working."""
        codes = second_factors.new_recovery_codes()
        self._change(session, code, caller, now, lambda user, proof: self._replace(user, proof, codes, caller, now))
        self.notices.put(messages.RecoveryCodesReplaced(session.user_id, **user_agents.place(caller, now)))
        return codes

    def _turn_off(self, user: User, proof: Factor, session: Session, caller: Caller, now: datetime) -> None:
        self.transactions.commit(
            second_factors.TurnOff(user, proof, session.digest, now),
            *map(sessions.End, users.other_sessions(user, session.digest)),
            Record(user.user_id, "authn_second_factor_off", now, caller),
            *second_factors.reset_cancelled(user, caller, now),
        )

    def _replace(self, user: User, proof: Factor, codes: tuple[str, ...], caller: Caller, now: datetime) -> None:
        cancelled = second_factors.reset_cancelled(user, caller, now)
        self.transactions.commit(
            second_factors.ReplaceRecoveryCodes(user, proof, second_factors.digests(codes)),
            Record(user.user_id, "authn_recovery_codes_replaced", now, caller),
            *cancelled,
        )
        if cancelled:
            self.notices.put(messages.SecondFactorResetCancelled(user.user_id, **user_agents.place(caller, now)))

    def _change(
        self, session: Session, code: str, caller: Caller, now: datetime, write: Callable[[User, Factor], None]
    ) -> None:
        """Check the code once, and write when the account accepts it, which is read again when it has changed."""
        user = self._with_factor(session)
        proof = _passkey_of(session, user) or self._typed(user, code, caller, now)
        # Only a right code is counted: a stolen session must not keep the owner from turning it off.
        count_change(self.check.throttles, session.user_id, now)

        def attempted() -> None:
            read = self._with_factor(session)
            if not second_factors.is_accepted(proof, read):
                raise WrongSecondFactor
            write(read, proof)

        retry_on_conflict(attempted)

    def _with_factor(self, session: Session) -> User:
        user = users.of_session(self.users, session.user_id, session.digest)
        if not second_factors.is_on(user):
            raise SecondFactorOff
        return user

    def _typed(self, user: User, code: str, caller: Caller, now: datetime) -> Factor:
        """The owner's browser is in a session, so strangers' failures do not count here."""
        account = Checked(user.user_id, user.totp, str(user.factor_streak))
        try:
            attempt, typed = self.check.count(account, code, known=True, now=now)
        except InvalidSecondFactor as wrong:
            raise WrongSecondFactor from wrong
        with suppress(InvalidSecondFactor):
            proof = self.check.proof(account, attempt, typed, now)
            if second_factors.is_accepted(proof, user):
                return proof
        self.check.failed(user.user_id, attempt, self.notices, caller, now)
        raise WrongSecondFactor


def _passkey_of(session: Session, user: User) -> UsedPasskey | None:
    """The passkey that opened the session, if the account still has it."""
    held = (it for it in user.passkeys if session.passkey and public_id(it) == session.passkey)
    found = next(held, None)
    return UsedPasskey(found) if found else None
