"""Read the account."""

from __future__ import annotations

from msgspec import Struct

from accounts.model import users
from accounts.model.users import User, Users


class AccountLookup(Struct, frozen=True):
    users: Users

    def of(self, user_id: str) -> User:
        """The active account; raises Unauthenticated."""
        return users.active(self.users, user_id)
