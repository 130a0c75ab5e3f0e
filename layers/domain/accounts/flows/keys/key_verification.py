"""Telling another service of this deployment whose API key it was shown."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.flows.people.authentication import KeyLookup
from accounts.model import users
from accounts.model.users import User, Users


class KeyVerification(Struct, frozen=True):
    """Looks keys up for a service that has the admin secret."""

    keys: KeyLookup
    users: Users

    def owner(self, api_key: str, now: datetime) -> User | None:
        """The account that the key belongs to; None when there is no such key or no active account."""
        # Not counted against the calling service: it forwards the keys of others.
        key = self.keys.find(api_key, None, now)
        return users.find(self.users, key.user_id) if key else None
