"""Create, list, change and delete API keys."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from accounts import secrets
from accounts.errors import KeyLimitReached, NotFound
from accounts.flows.people.key_ending import end_key, name_and_hint
from accounts.limits import (
    API_KEY_CHANGES_PER_ACCOUNT_PER_DAY,
    API_KEYS_CREATED_PER_ACCOUNT_PER_DAY,
    API_KEYS_PER_ACCOUNT,
    KEY_SECRETS_PER_ACCOUNT,
)
from accounts.model import (
    api_keys,
    held_keys,
    key_expiry,
    key_secrets,
    messages,
    throttles,
    user_agents,
    users,
)
from accounts.model.api_keys import Amendment, ApiKey, ApiKeys, Details, Edit
from accounts.model.audit import Caller, Record
from accounts.model.key_secrets import Listed
from accounts.model.messages import Outbox
from accounts.model.sessions import Session, require_fresh
from accounts.model.throttles import Throttles
from accounts.model.users import Users
from accounts.transactions import Change, Conflict, Transactions, retry_on_conflict

_OLD_SECRETS = "Too many of your keys still have an old secret. End one, or delete a key that you no longer use."


class NewKey(Struct, frozen=True):
    """A new key, or a new secret, with its ``plaintext``, which is not stored.

    ``old`` is the secret that it replaced and that still works.
    """

    api_key: ApiKey
    plaintext: str
    old: ApiKey | None = None

    @property
    def listed(self) -> Listed:
        return Listed(self.api_key, self.old)

    def __repr__(self) -> str:
        """Omits the plain text: it may be printed in a traceback."""
        return f"NewKey(key_prefix={self.api_key.key_prefix!r})"


class KeyCreation(Struct, frozen=True):
    """``scopes`` are those that a key may be restricted to.

    A failure of ``notices`` is ignored, because the key exists and the owner has to see it.
    """

    users: Users
    api_keys: ApiKeys
    throttles: Throttles
    transactions: Transactions
    notices: Outbox
    scopes: tuple[str, ...]

    def create(self, session: Session, details: Details, caller: Caller, now: datetime) -> NewKey:
        """Create a key for the session's account.

        Raises InvalidInput, KeyLimitReached, also under concurrency, or TooManyAttempts.
        """
        from accounts.model import key_requests  # noqa: PLC0415 - functions that ask for nothing load this module, too

        user_id = session.user_id
        plaintext, new = key_requests.create(user_id, details, self.scopes, now)
        key = key_expiry.scheduled(new)
        limit, day = API_KEYS_CREATED_PER_ACCOUNT_PER_DAY, timedelta(days=1)
        throttles.count(self.throttles, "key-created", user_id, limit=limit, per=day, now=now)
        record = Record(user_id, "authn_token_created", now, caller, {"api_key": key.digest, "name": key.name})
        changes = (api_keys.Add(key), record)
        try:
            self.transactions.commit(
                held_keys.AddKey(user_id, key.digest, API_KEYS_PER_ACCOUNT, session.digest), *changes
            )
        except Conflict:
            retry_on_conflict(lambda: self._make_room(session, key, changes, now))
        self.notices.put(messages.ApiKeyCreated(user_id, key.name, hint=key.hint, **user_agents.place(caller, now)))
        return NewKey(key, plaintext)

    def _make_room(self, session: Session, key: ApiKey, changes: tuple[Change, ...], now: datetime) -> None:
        """Replace the expired keys of a full account; raises Unauthenticated when the session ended concurrently."""
        user = users.of_session(self.users, session.user_id, session.digest)
        found = key_secrets.stored(self.api_keys, user.api_keys)
        live = key_secrets.live(found, now)
        if len(set(map(key_secrets.id_of, live))) >= API_KEYS_PER_ACCOUNT:
            raise KeyLimitReached
        if len(live) >= KEY_SECRETS_PER_ACCOUNT:
            raise KeyLimitReached(_OLD_SECRETS)
        ended = user.api_keys - live
        self.transactions.commit(
            held_keys.SwapKeys(user, ended, key.digest),
            *key_secrets.dropping(user.user_id, ended, found, now),
            *changes,
        )


class KeyList(Struct, frozen=True):
    api_keys: ApiKeys

    def of_account(self, user_id: str, now: datetime) -> list[Listed]:
        """The account's keys, newest first."""
        return key_secrets.listed(self.api_keys.of_user(user_id), now)[::-1]


class KeyDescription(Struct, frozen=True):
    """``scopes`` are those that a key may be restricted to."""

    users: Users
    api_keys: ApiKeys
    throttles: Throttles
    transactions: Transactions
    scopes: tuple[str, ...]

    def change(self, session: Session, key_id: str, edit: Edit, caller: Caller, now: datetime) -> None:
        """Rename a key of the session's account, describe it, or change its networks or scopes.

        Raises InvalidInput, NotFound for another id, TooManyAttempts, and for networks or scopes
        ReauthenticationRequired: others can let an attacker's machine in.
        """
        from accounts.model import key_requests  # noqa: PLC0415 - as in ``create``

        if not secrets.is_digest(key_id):
            raise NotFound
        to = key_requests.amendment(edit, self.scopes)
        if to.networks is not None or to.scopes is not None:
            require_fresh(session, now)
        user_id, limit, day = session.user_id, API_KEY_CHANGES_PER_ACCOUNT_PER_DAY, timedelta(days=1)
        found = self._secrets(user_id, key_id)
        throttles.count(self.throttles, "key-changed", user_id, limit=limit, per=day, now=now)
        try:
            self._change(found, to, caller, now)
        except Conflict:
            retry_on_conflict(lambda: self._change(self._secrets(user_id, key_id), to, caller, now))

    def _change(self, found: list[ApiKey], to: Amendment, caller: Caller, now: datetime) -> None:
        user_id, key_id = found[0].user_id, found[0].id
        name = found[0].name if to.name is None else to.name
        records = []
        if to.name is not None or to.description is not None:
            records.append(Record(user_id, "authn_token_updated", now, caller, {"api_key": key_id, "name": name}))
        if to.networks is not None:
            networks = Record(
                user_id,
                "authn_token_restricted",
                now,
                caller,
                {"api_key": key_id, "name": name, "networks": to.networks},
            )
            records.append(networks)
        if to.scopes is not None:
            scopes = Record(
                user_id, "authn_token_scoped", now, caller, {"api_key": key_id, "name": name, "scopes": to.scopes}
            )
            records.append(scopes)
        self.transactions.commit(*(api_keys.Amend(key, to) for key in found), *records)

    def _secrets(self, user_id: str, key_id: str) -> list[ApiKey]:
        """The key's secrets. The account is read only for a key that was rotated; raises NotFound."""
        first = self.api_keys.get(key_id)
        if first is not None and first.is_alone and first.user_id == user_id:
            return [first]
        user = users.active(self.users, user_id)
        found = key_secrets.stored(self.api_keys, key_secrets.of_key(user, key_id))
        if not found:
            raise NotFound
        return found


class KeyDeletion(Struct, frozen=True):
    """Reads the key first, because its name stays in the history and in the email."""

    users: Users
    api_keys: ApiKeys
    transactions: Transactions
    notices: Outbox

    def delete(self, user_id: str, key_id: str, caller: Caller, now: datetime) -> None:
        """Delete a key of the account; raises NotFound for an id that is not one of its keys."""
        if not secrets.is_digest(key_id):
            raise NotFound
        name, hint = name_and_hint(self.users, self.api_keys, user_id, key_id)
        record = Record(user_id, "authn_token_revoked", now, caller, {"api_key": key_id, "name": name})
        end_key(self.users, self.transactions, user_id, key_id, record)
        self.notices.put(messages.ApiKeyDeleted(user_id, name, hint=hint, **user_agents.place(caller, now)))
