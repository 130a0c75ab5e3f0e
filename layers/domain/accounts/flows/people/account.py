"""The account: read it, rename it."""

from __future__ import annotations

from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from accounts import text
from accounts.limits import PERSON_NAME_MAX_CHARACTERS, RENAMES_PER_ACCOUNT_PER_DAY
from accounts.model import identities, throttles, users
from accounts.model.audit import Caller, Record
from accounts.model.throttles import Throttles
from accounts.model.users import User, Users
from accounts.transactions import Transactions, retry_on_conflict


class AccountLookup(Struct, frozen=True):
    users: Users

    def of(self, user_id: str) -> User:
        """The active account; raises Unauthenticated."""
        return users.active(self.users, user_id)


class AccountRenaming(Struct, frozen=True):
    users: Users
    throttles: Throttles
    transactions: Transactions

    def rename(self, user_id: str, name: str, caller: Caller, now: datetime) -> User:
        """Change the name, which may be empty, and return the account; raises InvalidInput or TooManyAttempts.

        Identities store the name too, because the response to a login is built from them.
        """
        chosen = text.line("name", name, at_most=PERSON_NAME_MAX_CHARACTERS)
        limit, day = RENAMES_PER_ACCOUNT_PER_DAY, timedelta(days=1)
        throttles.count(self.throttles, "rename", user_id, limit=limit, per=day, now=now)
        return retry_on_conflict(lambda: self._rename(user_id, chosen, caller, now))

    def _rename(self, user_id: str, name: str, caller: Caller, now: datetime) -> User:
        user = users.active(self.users, user_id)
        self.transactions.commit(
            users.Rename(user, name, now),
            *(identities.Rename(key, user_id, name, now) for key in user.identities),
            Record(user_id, "user_updated", now, caller),
        )
        return replace(user, name=name, updated_at=now, revision=user.revision + 1)
