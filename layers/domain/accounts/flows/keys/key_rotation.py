"""Replace the secret of an API key. The old one works for some days beside the new one, or ends at once."""

from __future__ import annotations

from collections.abc import Iterable
from copy import replace
from datetime import datetime, timedelta

from msgspec import UNSET, Struct

from accounts import secrets
from accounts.errors import KeyNotRotatable, NotFound
from accounts.flows.keys.key_management import NewKey, new_secret
from accounts.limits import KEY_SECRETS_PER_ACCOUNT
from accounts.model import api_keys, held_keys, key_secrets, messages, throttles, user_agents, users
from accounts.model.api_keys import ApiKey, ApiKeys, Before
from accounts.model.audit import Caller, Record
from accounts.model.messages import Outbox
from accounts.model.sessions import Session
from accounts.model.throttles import Count
from accounts.model.users import User, Users
from accounts.transactions import Change, Conflict, Transactions, retry_on_conflict

_EXPIRED = "This API key has expired. Create a new one."
_OLD_WORKS = "The old secret of this key still works. Revoke it first, or revoke it now with this rotation."
_NO_PLACE = "Too many of your keys still have an old secret. Revoke one first, or revoke this one now."


class KeyRotation(Struct, frozen=True):
    """A failure of ``notices`` is ignored, because the owner has to see the new secret."""

    users: Users
    api_keys: ApiKeys
    transactions: Transactions
    notices: Outbox

    def rotate(
        self, session: Session, key_id: str, days: int, caller: Caller, now: datetime, *, read: Before = UNSET
    ) -> NewKey:
        """Give a key of the session's account a new secret; the old one works for ``days``.

        ``read`` is the secret with that digest, if it was read with the session. Raises InvalidInput, NotFound for
        another id, KeyNotRotatable or TooManyAttempts.
        """
        overlap = key_secrets.overlap(days)
        if not secrets.is_digest(key_id):
            raise NotFound
        counted = new_secret(session.user_id, now)
        new = self._replaced(session, key_secrets.first(self.api_keys, key_id, read), overlap, counted, caller)
        if new is None:
            # An attempt that reads all of this is counted before, whether it succeeds or not.
            throttles.commit(self.transactions, counted)
            new = retry_on_conflict(lambda: self._rotate(session, key_id, overlap, caller, now))
        ends = (now + overlap).isoformat() if overlap else ""
        about = {"hint": new.api_key.hint, **user_agents.place(caller, now)}
        self.notices.put(messages.ApiKeyRotated(session.user_id, new.api_key.name, ends, **about))
        return new

    def _replaced(
        self, session: Session, key: ApiKey | None, overlap: timedelta, counted: Count, caller: Caller
    ) -> NewKey | None:
        """Rotate a key that has one secret, as most have, if nothing has changed and the account has room; or None."""
        now = counted.now
        if key is None or key.user_id != session.user_id or not (key.is_alone and key.is_live(now)):
            return None
        plaintext, new = key_secrets.successor(key, now)
        ends_at = now + overlap if overlap else None
        held = self._held(session, key, new, overlap)
        changes = (api_keys.Replace(key, ends_at), api_keys.Add(new), _record(key, caller, now))
        try:
            throttles.commit(self.transactions, counted, held, *changes)
        except Conflict:
            return None
        return NewKey(new, plaintext, _ending(key, ends_at))

    def _held(self, session: Session, key: ApiKey, new: ApiKey, overlap: timedelta) -> Change:
        """The change of the account's list, to which one update cannot add and remove: so that reads the account."""
        if overlap:
            limit = KEY_SECRETS_PER_ACCOUNT
            return held_keys.AddKey(key.user_id, new.held_as, limit, session.digest, beside=key.held_as)
        user = users.of_session(self.users, key.user_id, session.digest)
        if key.held_as not in user.api_keys:
            raise NotFound
        return held_keys.SwapKeys(user, frozenset({key.held_as}), new.held_as)

    def _rotate(self, session: Session, key_id: str, overlap: timedelta, caller: Caller, now: datetime) -> NewKey:
        user = users.of_session(self.users, session.user_id, session.digest)
        found = self._of_key(user, key_id)
        key = _current(found)
        others = [other for other in found if other is not key]
        _require_rotatable(key, others, overlap, now)
        plaintext, new = key_secrets.successor(key, now)
        ends_at = now + overlap if overlap else None
        ended = {other.held_as for other in (others if ends_at else found)}
        dropped, read = self._without_place(user, ended, now)
        self.transactions.commit(
            held_keys.SwapKeys(user, dropped | ended, new.held_as),
            api_keys.Replace(key, ends_at),
            api_keys.Add(new),
            *key_secrets.ending(user.user_id, ended - {key.held_as}),
            *key_secrets.dropping(user.user_id, dropped, read, now),
            _record(key, caller, now),
        )
        return NewKey(new, plaintext, _ending(key, ends_at))

    def end_old(self, session: Session, key_id: str, caller: Caller, now: datetime) -> None:
        """End the old secret of a key of the session's account; raises NotFound when none works."""
        retry_on_conflict(lambda: self._end_old(session, key_id, caller, now))

    def _end_old(self, session: Session, key_id: str, caller: Caller, now: datetime) -> None:
        user = users.of_session(self.users, session.user_id, session.digest)
        found = self._of_key(user, key_id)
        old = [each for each in found if each.ends_at and each.is_live(now)]
        if not old:
            raise NotFound
        self.transactions.commit(
            held_keys.SwapKeys(user, frozenset(each.held_as for each in old)),
            *(api_keys.Remove(each.digest, user.user_id) for each in old),
            Record(user.user_id, "authn_token_ended", now, caller, {"api_key": key_id, "name": old[0].name}),
        )

    def _of_key(self, user: User, key_id: str) -> list[ApiKey]:
        return key_secrets.stored(self.api_keys, key_secrets.of_key(user, key_id))

    def _without_place(self, user: User, ended: set[str], now: datetime) -> tuple[frozenset[str], list[ApiKey]]:
        """Secrets of any key that no longer work, if their places are needed, and all that were read.

        Raises KeyNotRotatable.
        """
        others = user.api_keys - ended
        if len(others) < KEY_SECRETS_PER_ACCOUNT:
            return frozenset(), []
        found = key_secrets.stored(self.api_keys, others)
        live = key_secrets.live(found, now)
        if len(live) >= KEY_SECRETS_PER_ACCOUNT:
            raise KeyNotRotatable(_NO_PLACE)
        return others - live, found


def _record(key: ApiKey, caller: Caller, now: datetime) -> Record:
    return Record(key.user_id, "authn_token_rotated", now, caller, {"api_key": key.id, "name": key.name})


def _ending(key: ApiKey, ends_at: datetime | None) -> ApiKey | None:
    """The secret that was replaced, if it still works."""
    return replace(key, ends_at=ends_at, due_at=None) if ends_at else None


def _current(found: Iterable[ApiKey]) -> ApiKey:
    """The secret that was not replaced; raises NotFound."""
    current = key_secrets.current(found)
    if current is None:
        raise NotFound
    return current


def _require_rotatable(key: ApiKey, others: Iterable[ApiKey], overlap: timedelta, now: datetime) -> None:
    if not key.is_live(now):
        raise KeyNotRotatable(_EXPIRED)
    if overlap and any(other.is_live(now) for other in others):
        raise KeyNotRotatable(_OLD_WORKS)
