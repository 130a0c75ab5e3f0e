"""Create, list, change and delete API keys."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import UNSET, Struct

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
from accounts.model.api_keys import Amendment, ApiKey, ApiKeys, Before, Details, Edit
from accounts.model.audit import Caller, Record
from accounts.model.key_secrets import Listed
from accounts.model.messages import Outbox
from accounts.model.sessions import Session, require_fresh
from accounts.model.throttles import Count
from accounts.model.users import Users
from accounts.transactions import Change, Conflict, Transactions, retry_on_conflict

_OLD_SECRETS = "Too many of your keys still have an old secret. Revoke one, or delete a key that you no longer use."


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


def new_secret(user_id: str, now: datetime) -> Count:
    """The count of one more secret, of a new key or of one that is rotated."""
    limit, day = API_KEYS_CREATED_PER_ACCOUNT_PER_DAY, timedelta(days=1)
    return Count(throttles.window("key-created", user_id, limit=limit, per=day, now=now), now)


class KeyCreation(Struct, frozen=True):
    """``scopes`` are those that a key may be restricted to.

    A failure of ``notices`` is ignored, because the key exists and the owner has to see it.
    """

    users: Users
    api_keys: ApiKeys
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
        counted = new_secret(user_id, now)
        record = Record(user_id, "authn_token_created", now, caller, {"api_key": key.digest, "name": key.name})
        changes = (api_keys.Add(key), record)
        held = held_keys.AddKey(user_id, key.digest, API_KEYS_PER_ACCOUNT, session.digest)
        try:
            throttles.commit(self.transactions, counted, held, *changes)
        except Conflict:
            # An attempt that reads many keys is counted before, whether it succeeds or not.
            throttles.commit(self.transactions, counted)
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
    """``scopes`` are those that a key may be restricted to. A failure of ``notices`` is ignored."""

    users: Users
    api_keys: ApiKeys
    transactions: Transactions
    notices: Outbox
    scopes: tuple[str, ...]

    def change(
        self, session: Session, key_id: str, edit: Edit, caller: Caller, now: datetime, *, read: Before = UNSET
    ) -> None:
        """Rename a key of the session's account, describe it, or change its networks or scopes.

        ``read`` is the secret with that digest, if it was read with the session. Raises InvalidInput, NotFound for
        another id, TooManyAttempts, and for networks or scopes ReauthenticationRequired: others can let an attacker's
        machine in. Of a key that may do more than before, the owner is notified.
        """
        from accounts.model import key_requests  # noqa: PLC0415 - as in ``create``

        if not secrets.is_digest(key_id):
            raise NotFound
        to = key_requests.amendment(edit, self.scopes)
        if to.networks is not None or to.scopes is not None:
            require_fresh(session, now)
        user_id = session.user_id
        first = self._secrets(user_id, key_id, read)
        try:
            more = self._change(first, to, caller, now)
        except Conflict:
            more = retry_on_conflict(lambda: self._change(self._secrets(user_id, key_id), to, caller, now))
        if more is not None:
            self.notices.put(more)

    def _change(
        self, found: list[ApiKey], to: Amendment, caller: Caller, now: datetime
    ) -> messages.ApiKeyLoosened | None:
        """Write the change; returns the notice for the owner, if the key may do more than before."""
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
        limit, day = API_KEY_CHANGES_PER_ACCOUNT_PER_DAY, timedelta(days=1)
        counted = Count(throttles.window("key-changed", user_id, limit=limit, per=day, now=now), now)
        throttles.commit(self.transactions, counted, *(api_keys.Amend(key, to) for key in found), *records)
        return _loosened(key_secrets.current(found) or found[0], to, name, caller, now)

    def _secrets(self, user_id: str, key_id: str, read: Before = UNSET) -> list[ApiKey]:
        """The key's secrets. The account is read only for a key that was rotated; raises NotFound."""
        first = key_secrets.first(self.api_keys, key_id, read)
        if first is not None and first.is_alone and first.user_id == user_id:
            return [first]
        user = users.active(self.users, user_id)
        found = key_secrets.stored(self.api_keys, key_secrets.of_key(user, key_id))
        if not found:
            raise NotFound
        return found


def _loosened(key: ApiKey, to: Amendment, name: str, caller: Caller, now: datetime) -> messages.ApiKeyLoosened | None:
    from accounts.model import key_requests  # noqa: PLC0415 - as in ``create``

    more = key_requests.allowed_more(key, to)
    about = {"hint": key.hint, **more, **user_agents.place(caller, now)}
    return messages.ApiKeyLoosened(key.user_id, name, **about) if more else None


class KeyDeletion(Struct, frozen=True):
    """Needs the key, because its name stays in the history and in the email."""

    users: Users
    api_keys: ApiKeys
    transactions: Transactions
    notices: Outbox

    def delete(self, user_id: str, key_id: str, caller: Caller, now: datetime, *, read: Before = UNSET) -> None:
        """Delete a key of the account; raises NotFound for an id that is not one of its keys.

        ``read`` is the secret with that digest, if it was read with the session.
        """
        if not secrets.is_digest(key_id):
            raise NotFound
        name, hint = name_and_hint(self.users, self.api_keys, user_id, key_id, read)
        record = Record(user_id, "authn_token_revoked", now, caller, {"api_key": key_id, "name": name})
        end_key(self.users, self.transactions, user_id, key_id, record)
        self.notices.put(messages.ApiKeyDeleted(user_id, name, hint=hint, **user_agents.place(caller, now)))
