"""Emails owners before their keys expire, and records that a key has expired.

Each key is handled on its own, the longest overdue first, so a run that dies is continued by the next one. An email is
queued before the key is marked: dying between both queues it again, and the mailer sends it once (``once``).
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.limits import KEYS_DUE_AT_ONCE
from accounts.model import api_keys, key_expiry, key_secrets, messages
from accounts.model.api_keys import ApiKey, ApiKeys
from accounts.model.messages import Outbox
from accounts.transactions import Conflict, Transactions


class KeyExpiry(Struct, frozen=True):
    api_keys: ApiKeys
    transactions: Transactions
    outbox: Outbox

    def run(self, now: datetime) -> int:
        """Handle what is due, and return how much it was; raises Unavailable, and the rest stays due."""
        due = self.api_keys.due(now, KEYS_DUE_AT_ONCE)
        for digest in due:
            # The index may lag behind the key.
            key = self.api_keys.get(digest)
            if key is not None and key.due_at is not None and key.due_at <= now:
                self._handle(key, key.due_at, now)
        return len(due)

    def _handle(self, key: ApiKey, due_at: datetime, now: datetime) -> None:
        expires_at = key.expires_at or due_at
        following = api_keys.SetDue(key, key_expiry.following(expires_at, now))
        try:
            if now < expires_at:
                self.outbox.put(_reminder(key, due_at, expires_at))
                self.transactions.commit(following)
            else:
                self.transactions.commit(following, key_secrets.expired(key, expires_at))
        except Conflict:
            # Deleted, rotated or handled concurrently.
            return


def _reminder(key: ApiKey, due_at: datetime, expires_at: datetime) -> messages.ApiKeyExpiring:
    from accounts.flows.people.key_notices import last_use  # noqa: PLC0415 - most runs remind no one

    once = f"{key.id}#{due_at.isoformat()}"
    used = last_use(key)
    return messages.ApiKeyExpiring(key.user_id, key.name, key.hint, expires_at.isoformat(), once, **used)
