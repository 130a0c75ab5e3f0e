"""From an API key to its account, in one consistent read. What follows from its use never denies it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from accounts import secrets
from accounts.errors import ApiKeyExpired, ApiKeyMistyped, ApiKeyReplaced, ApiKeyUnknown, ApiKeyWrongNetwork
from accounts.flows.people.authentication import API_KEY, Credential, Principal
from accounts.limits import BAD_KEYS_PER_ADDRESS_PER_MINUTE
from accounts.model import api_keys, key_uses, throttles
from accounts.model.api_keys import ApiKey, ApiKeys
from accounts.model.audit import Caller
from accounts.model.key_uses import Use
from accounts.model.throttles import Throttles


class KeyLookup(Struct, frozen=True):
    """Finds API keys that work.

    ``on_new_network`` notifies the owner of a key that is used from a network that is new to it, and says whether that
    was possible.
    """

    api_keys: ApiKeys
    throttles: Throttles
    on_new_network: Callable[[ApiKey, Caller, datetime], bool]

    def live(self, plaintext: str, caller: Caller, now: datetime, *, counted: bool = True) -> ApiKey:
        """The key with this plaintext, its use recorded when due.

        A good key costs one read. Only a well-formed key that does not exist counts against its source, after the
        read: 345 random bits need no limit against guessing, and a source that goes on asking gets TooManyAttempts.
        With ``counted=False`` nothing is counted. Raises ApiKeyMistyped, ApiKeyUnknown, ApiKeyWrongNetwork,
        ApiKeyExpired or ApiKeyReplaced.
        """
        if not api_keys.is_well_formed(plaintext):
            raise ApiKeyMistyped
        key = self.api_keys.get(secrets.digest(plaintext))
        if key is None:
            if counted:
                self._count_unknown(caller, now)
            raise ApiKeyUnknown
        # First: from a network that the owner does not allow, nothing else shows about the key.
        if not key.may_come_from(caller.address):
            raise ApiKeyWrongNetwork
        if not key.is_live(now):
            raise ApiKeyReplaced if key.ends_at else ApiKeyExpired
        use = key_uses.due(key, caller, now)
        if use is not None:
            self._record(key, use, caller, now)
        return key

    def _record(self, key: ApiKey, use: Use, caller: Caller, now: datetime) -> None:
        if not use.is_new:
            self.api_keys.touch(key.digest, caller, now, use.seen)
            return
        # A network that the owner could not be notified of stays new.
        seen = use.seen if self.on_new_network(key, caller, now) else ""
        self.api_keys.touch(key.digest, caller, now, seen, now)

    def _count_unknown(self, caller: Caller, now: datetime) -> None:
        limit, minute = BAD_KEYS_PER_ADDRESS_PER_MINUTE, timedelta(minutes=1)
        throttles.count(self.throttles, "bad-key", caller.source, limit=limit, per=minute, now=now)


class KeyAuthentication(Struct, frozen=True):
    """Resolves API keys."""

    keys: KeyLookup

    def principal(self, credential: Credential, caller: Caller, now: datetime) -> Principal:
        key = self.keys.live(credential.secret, caller, now)
        return Principal(key.user_id, API_KEY, key.id, scope=key.scopes, expires_at=key.expires_at)
