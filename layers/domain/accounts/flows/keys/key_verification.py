"""Telling another service of this deployment whose API key it was shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from accounts.errors import InvalidAdminSecret
from accounts.flows.people.authentication import KeyLookup
from accounts.limits import BAD_ADMIN_SECRETS_PER_ADDRESS_PER_MINUTE
from accounts.model import throttles, users
from accounts.model.audit import Caller
from accounts.model.users import User, Users


class KeyVerification(Struct, frozen=True):
    """Looks keys up for whoever holds the admin secret."""

    keys: KeyLookup
    users: Users
    is_admin_secret: Callable[[str], bool]

    def owner(self, api_key: str, admin_secret: str, caller: Caller, now: datetime) -> User | None:
        """The account the key belongs to; None when the key is worth nothing. Raises InvalidAdminSecret."""
        if not self.is_admin_secret(admin_secret):
            limit, minute = BAD_ADMIN_SECRETS_PER_ADDRESS_PER_MINUTE, timedelta(minutes=1)
            throttles.count(self.keys.throttles, "admin", caller.source, limit=limit, per=minute, now=now)
            raise InvalidAdminSecret
        # Not counted against the asking service: its users' bad keys are not its own.
        key = self.keys.find(api_key, None, now)
        return users.find(self.users, key.user_id) if key else None
