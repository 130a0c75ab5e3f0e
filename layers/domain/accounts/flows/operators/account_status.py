"""Operators disable, enable and delete accounts."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.flows.people.account_closing import deleting, ending_all
from accounts.model import identities, users
from accounts.model.users import Users
from accounts.transactions import Transactions, retry_on_conflict


class AccountDisabling(Struct, frozen=True):
    """Disables all logins of an account and ends its sessions and API keys."""

    users: Users
    transactions: Transactions

    def disable(self, request: OperatorRequest, now: datetime) -> None:
        """Disable the account; raises NotFound."""
        retry_on_conflict(lambda: self._disable(request, now))

    def _disable(self, request: OperatorRequest, now: datetime) -> None:
        user = users.existing(self.users, request.user_id)
        shut = (identities.DisableLogin(key, user.user_id) for key in user.identities)
        record = request.record("user_disabled", now)
        self.transactions.commit(users.Disable(user, now), *shut, *ending_all(user), record)


class AccountEnabling(Struct, frozen=True):
    """Enables all logins of a disabled account. Its sessions and API keys stay ended."""

    users: Users
    transactions: Transactions

    def enable(self, request: OperatorRequest, now: datetime) -> bool:
        """Enable the account; returns False if it was not disabled. Raises NotFound."""
        return retry_on_conflict(lambda: self._enable(request, now))

    def _enable(self, request: OperatorRequest, now: datetime) -> bool:
        user = users.existing(self.users, request.user_id)
        if user.status == users.ACTIVE:
            return False
        opened = (identities.EnableLogin(key, user.user_id) for key in user.identities)
        self.transactions.commit(users.Enable(user, now), *opened, request.record("user_enabled", now))
        return True


class AccountRemoval(Struct, frozen=True):
    """Deletes an account and everything it owns."""

    users: Users
    transactions: Transactions

    def remove(self, request: OperatorRequest, now: datetime) -> None:
        """Delete the account; raises NotFound."""
        retry_on_conflict(lambda: self._remove(request, now))

    def _remove(self, request: OperatorRequest, now: datetime) -> None:
        user = users.existing(self.users, request.user_id)
        self.transactions.commit(*deleting(user), *ending_all(user), request.record("user_deleted", now))
