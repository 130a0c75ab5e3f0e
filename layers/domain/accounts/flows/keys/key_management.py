"""Create, list and delete API keys."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from accounts import secrets
from accounts.errors import KeyLimitReached, NotFound, Refusal, Unauthenticated
from accounts.limits import API_KEYS_CREATED_PER_ACCOUNT_PER_DAY, API_KEYS_PER_ACCOUNT
from accounts.model import api_keys, messages, throttles, users
from accounts.model.api_keys import ApiKey, ApiKeys
from accounts.model.audit import Caller, Record
from accounts.model.messages import Outbox
from accounts.model.sessions import Session
from accounts.model.throttles import Throttles
from accounts.model.users import Users
from accounts.transactions import Conflict, Transactions


class NewKey(Struct, frozen=True):
    """A new key with its ``plaintext``, which is not stored."""

    api_key: ApiKey
    plaintext: str

    def __repr__(self) -> str:
        """Omits the plain text: it may be printed in a traceback."""
        return f"NewKey(key_prefix={self.api_key.key_prefix!r})"


class KeyCreation(Struct, frozen=True):
    """A failure of ``notices`` is ignored, because the key exists and the owner has to see it."""

    users: Users
    throttles: Throttles
    transactions: Transactions
    notices: Outbox

    def create(self, session: Session, name: str, description: str, caller: Caller, now: datetime) -> NewKey:
        """Create a key for the session's account.

        Raises KeyLimitReached, also under concurrency, or TooManyAttempts.
        """
        user_id = session.user_id
        plaintext, key = api_keys.create(user_id, name=name, description=description, now=now)
        limit, day = API_KEYS_CREATED_PER_ACCOUNT_PER_DAY, timedelta(days=1)
        throttles.count(self.throttles, "key-created", user_id, limit=limit, per=day, now=now)
        add = users.AddKey(user_id, key.digest, API_KEYS_PER_ACCOUNT, session.digest)
        record = Record(user_id, "authn_token_created", now, caller, {"api_key": key.digest, "name": key.name})
        try:
            self.transactions.commit(api_keys.Add(key), add, record)
        except Conflict as conflict:
            raise self._refusal(session) from conflict
        self.notices.put(messages.ApiKeyCreated(user_id, key.name))
        return NewKey(key, plaintext)

    def _refusal(self, session: Session) -> Refusal:
        """The account is full, unless it or the session ended concurrently."""
        user = users.find(self.users, session.user_id)
        still_here = user is not None and session.digest in user.sessions
        return KeyLimitReached() if still_here else Unauthenticated()


class KeyList(Struct, frozen=True):
    api_keys: ApiKeys

    def of_account(self, user_id: str) -> list[ApiKey]:
        """The account's keys, newest first."""
        return sorted(self.api_keys.of_user(user_id), key=lambda key: key.created_at, reverse=True)


class KeyDeletion(Struct, frozen=True):
    transactions: Transactions
    notices: Outbox

    def delete(self, user_id: str, key_id: str, caller: Caller, now: datetime) -> None:
        """Delete a key of the account; raises NotFound for an id that is not one of its keys."""
        if not secrets.is_digest(key_id):
            raise NotFound
        record = Record(user_id, "authn_token_revoked", now, caller, {"api_key": key_id})
        try:
            self.transactions.commit(api_keys.Remove(key_id, user_id), users.DropKey(user_id, key_id), record)
        except Conflict as conflict:
            raise NotFound from conflict
        self.notices.put(messages.ApiKeyDeleted(user_id))
