"""Making, listing and deleting API keys: never for a key; making one is for a person on the website only."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import secrets
from accounts.errors import KeyLimitReached, NotFound, Refusal, Unauthenticated
from accounts.flows.people.authentication import Credential, LoginAuthentication, SessionAuthentication
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

    authentication: SessionAuthentication
    users: Users
    transactions: Transactions
    notices: Outbox

    def create(
        self, credential: Credential | None, name: str, description: str, caller: Caller, now: datetime
    ) -> NewKey:
        """A new key for a person who logged in recently; raises KeyLimitReached at 25, also under parallel calls."""
        session = self.authentication.session(credential, now, fresh=True)
        user_id = session.user_id
        plaintext, key = api_keys.make(user_id, name=name, description=description, now=now)
        hold = users.HoldKey(user_id, key.digest, API_KEYS_PER_ACCOUNT, session.digest)
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

    authentication: LoginAuthentication
    api_keys: ApiKeys

    def of_caller(self, credential: Credential | None, now: datetime) -> tuple[str, list[ApiKey]]:
        """Whose they are, and the account's keys, the newest first."""
        user_id = self.authentication.session(credential, now).user_id
        return user_id, sorted(self.api_keys.of_user(user_id), key=lambda key: key.created_at, reverse=True)


class KeyDeletion(Struct, frozen=True):
    """Deletes keys."""

    authentication: LoginAuthentication
    transactions: Transactions
    notices: Outbox

    def delete(self, credential: Credential | None, key_id: str, caller: Caller, now: datetime) -> str:
        """End a key at once and tell whose it was; raises NotFound for any id that is not one of the caller's keys."""
        user_id = self.authentication.session(credential, now).user_id
        if not secrets.is_digest(key_id):
            raise NotFound
        record = Record(user_id, "authn_token_revoked", now, caller, {"api_key": key_id})
        try:
            self.transactions.commit(api_keys.Remove(key_id, user_id), users.LetGoKey(user_id, key_id), record)
        except Conflict as conflict:
            raise NotFound from conflict
        self.notices.put(messages.ApiKeyDeleted(user_id))
        return user_id
