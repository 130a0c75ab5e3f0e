"""Verify an API key for another service of this deployment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from accounts import text
from accounts.errors import ApiKeyInsufficientScope, ApiKeyUnknown, ApiKeyWrongNetwork, Unauthenticated
from accounts.flows.people.key_lookup import KeyLookup
from accounts.model import users
from accounts.model.api_keys import ApiKey
from accounts.model.audit import Caller
from accounts.model.users import User, Users


class Verified(Struct, frozen=True):
    """A valid key and its active account."""

    key: ApiKey
    owner: User


# Why a key is not valid.
type Invalid = Unauthenticated | ApiKeyWrongNetwork | ApiKeyInsufficientScope


class KeyVerification(Struct, frozen=True):
    keys: KeyLookup
    users: Users

    def verified(self, api_key: str, caller: Caller, now: datetime, scopes: Collection[str] = ()) -> Verified | Invalid:
        """The key, as it was pasted, and its account; or why it is not valid.

        ``caller`` brought the key to the service that asks. A key that is restricted to networks is not valid when
        that service does not name the caller's address, and one that is restricted to scopes when it does not have all
        ``scopes`` that the service needs, or the service names none.
        """
        try:
            # Not counted against the calling service, which forwards its callers' keys.
            key = self.keys.live(text.trimmed(api_key), caller, now, counted=False)
        except (Unauthenticated, ApiKeyWrongNetwork) as refusal:
            return refusal
        if not key.has_all(scopes):
            return ApiKeyInsufficientScope()
        owner = users.find(self.users, key.user_id)
        return Verified(key, owner) if owner else ApiKeyUnknown()
