"""Verify an API key for another service of this deployment."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import text
from accounts.flows.people.authentication import KeyLookup
from accounts.model import users
from accounts.model.users import User, Users


class KeyVerification(Struct, frozen=True):
    keys: KeyLookup
    users: Users

    def owner(self, api_key: str, now: datetime) -> User | None:
        """The account that the key, as it was pasted, belongs to; None without such a key or an active account."""
        # Not counted against the calling service, which forwards its callers' keys.
        key = self.keys.find(text.trimmed(api_key), None, now)
        return users.find(self.users, key.user_id) if key else None
