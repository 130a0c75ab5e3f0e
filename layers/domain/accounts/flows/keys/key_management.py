"""Making, listing and deleting API keys: never for a key; making one is for a person on the website only."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import secrets
from accounts.errors import KeyLimitReached, NotFound, Refusal, Unauthenticated
from accounts.limits import API_KEYS_PER_ACCOUNT
from accounts.model import api_keys, messages, users
from accounts.model.api_keys import ApiKey, ApiKeys
from accounts.model.audit import Caller, Record
from accounts.model.messages import Outbox
from accounts.model.sessions import Session
from accounts.model.users import Users
from accounts.transactions import Conflict, Transactions


class NewKey(Struct, frozen=True):
    """A key that was just made, with its ``plaintext``: the only time it exists."""

    api_key: ApiKey
    plaintext: str

    def __repr__(self) -> str:
        """Without the plain text: it may end up in a traceback."""
        return f"NewKey(key_prefix={self.api_key.key_prefix!r})"


class KeyCreation(Struct, frozen=True):
    """Makes keys. ``notices`` is an outbox that never fails the story: the key is made, its owner must see it."""

    users: Users
    transactions: Transactions
    notices: Outbox

    def create(self, session: Session, name: str, description: str, caller: Caller, now: datetime) -> NewKey:
        """A new key for the session's account; raises KeyLimitReached at 25, also under parallel calls."""
        user_id = session.user_id
        plaintext, key = api_keys.make(user_id, name=name, description=description, now=now)
        hold = users.AddKey(user_id, key.digest, API_KEYS_PER_ACCOUNT, session.digest)
        record = Record(user_id, "authn_token_created", now, caller, {"api_key": key.digest, "name": key.name})
        try:
            self.transactions.commit(api_keys.Add(key), hold, record)
        except Conflict as conflict:
            raise self._refusal(session) from conflict
        self.notices.put(messages.ApiKeyCreated(user_id, key.name))
        return NewKey(key, plaintext)

    def _refusal(self, session: Session) -> Refusal:
        """Why the account took no key: it is full, unless it or the session ended before we wrote."""
        user = users.find(self.users, session.user_id)
        still_here = user is not None and session.digest in user.sessions
        return KeyLimitReached() if still_here else Unauthenticated()


class KeyList(Struct, frozen=True):
    """Lists keys."""

    api_keys: ApiKeys

    def of_account(self, user_id: str) -> list[ApiKey]:
        """The account's keys, the newest first."""
        return sorted(self.api_keys.of_user(user_id), key=lambda key: key.created_at, reverse=True)


class KeyDeletion(Struct, frozen=True):
    """Deletes keys."""

    transactions: Transactions
    notices: Outbox

    def delete(self, user_id: str, key_id: str, caller: Caller, now: datetime) -> None:
        """End a key of the account at once; raises NotFound for an id that is not one of its keys."""
        if not secrets.is_digest(key_id):
            raise NotFound
        record = Record(user_id, "authn_token_revoked", now, caller, {"api_key": key_id})
        try:
            self.transactions.commit(api_keys.Remove(key_id, user_id), users.DropKey(user_id, key_id), record)
        except Conflict as conflict:
            raise NotFound from conflict
        self.notices.put(messages.ApiKeyDeleted(user_id))
