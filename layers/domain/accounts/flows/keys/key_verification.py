"""Verify an API key for another service of this deployment."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import text
from accounts.flows.people.authentication import KeyLookup
from accounts.model import users
from accounts.model.api_keys import ApiKey
from accounts.model.users import User, Users


class Verified(Struct, frozen=True):
    """A valid key and its active account."""

    key: ApiKey
    owner: User


class KeyVerification(Struct, frozen=True):
    keys: KeyLookup
    users: Users

    def verified(self, api_key: str, now: datetime) -> Verified | None:
        """The key, as it was pasted, and its account; None without such a key or an active account."""
        # Not counted against the calling service, which forwards its callers' keys.
        key = self.keys.find(text.trimmed(api_key), None, now)
        owner = users.find(self.users, key.user_id) if key else None
        return Verified(key, owner) if key and owner else None
