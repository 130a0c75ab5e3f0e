"""Operators request a reset of the second factor for an owner who lost it. They never see or set one.

The request changes nothing at first: the owner is emailed, and has 24 hours to cancel it, or to prove a factor, which
cancels it as well. After that, and for a week, a login with the right first factor removes the second factor
(``session_opening``). Time alone removes nothing.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.errors import NotPossibleNow, SecondFactorOff
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.model import messages, second_factors, users
from accounts.model.messages import Outbox
from accounts.model.users import User, Users
from accounts.transactions import Transactions, retry_on_conflict

_NOTHING = "This account has no second factor and no passkeys: there is nothing to reset."
_DISABLED = "This account is disabled, so its owner could not cancel a reset. Enable it first."


class Requested(Struct, frozen=True):
    """``is_new`` is False for a repeated request, which does not change the time."""

    reset_at: datetime
    is_new: bool


class FactorReset(Struct, frozen=True):
    """Without the email to the owner, nothing is requested. A failure of ``notices`` is ignored."""

    users: Users
    transactions: Transactions
    outbox: Outbox
    notices: Outbox

    def request(self, request: OperatorRequest, now: datetime) -> Requested:
        """Raises NotFound, SecondFactorOff, MailUnavailable, or NotPossibleNow for a disabled account."""
        pending = self._pending(_resettable(self.users, request), now)
        if pending is not None:
            return pending
        at = second_factors.new_reset(now)
        self.outbox.put(messages.SecondFactorResetRequested(request.user_id, at))
        return retry_on_conflict(lambda: self._request(request, at, now))

    def _request(self, request: OperatorRequest, at: datetime, now: datetime) -> Requested:
        user = _resettable(self.users, request)
        pending = self._pending(user, now)
        if pending is not None:
            return pending
        record = request.record("authn_second_factor_reset_requested", now, reset_at=at.isoformat())
        self.transactions.commit(second_factors.SetReset(user, at), record)
        return Requested(at, is_new=True)

    def _pending(self, user: User, now: datetime) -> Requested | None:
        at = second_factors.reset_at(user, now)
        return Requested(at, is_new=False) if at is not None else None

    def cancel(self, request: OperatorRequest, now: datetime) -> bool:
        """Returns False if none was requested; raises NotFound."""
        is_cancelled = retry_on_conflict(lambda: self._cancel(request, now))
        if is_cancelled:
            self.notices.put(messages.SecondFactorResetCancelled(request.user_id))
        return is_cancelled

    def _cancel(self, request: OperatorRequest, now: datetime) -> bool:
        user = users.existing(self.users, request.user_id)
        if second_factors.reset_at(user, now) is None:
            return False
        record = request.record("authn_second_factor_reset_cancelled", now)
        self.transactions.commit(second_factors.SetReset(user, None), record)
        return True


def _resettable(accounts: Users, request: OperatorRequest) -> User:
    user = users.existing(accounts, request.user_id)
    if user.status != users.ACTIVE:
        raise NotPossibleNow(_DISABLED)
    if not second_factors.can_be_reset(user):
        raise SecondFactorOff(_NOTHING)
    return user
