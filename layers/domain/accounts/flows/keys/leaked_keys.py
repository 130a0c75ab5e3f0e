"""Revokes keys that others can know, and notifies their owners."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import Struct

from accounts.errors import NotFound, Unavailable
from accounts.flows.people.key_ending import end_key
from accounts.limits import LEAK_NOTICE_OWED
from accounts.model import api_keys, audit, messages, one_time_tokens
from accounts.model.api_keys import ApiKey, ApiKeys
from accounts.model.audit import Record
from accounts.model.leak_reports import GITHUB, Leak
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import LEAK_NOTICE, LeakNotice, OneTimeToken, OneTimeTokens
from accounts.model.users import Users
from accounts.transactions import Change, Conflict, Transactions


class LeakedKeys(Struct, frozen=True):
    """The transaction that deletes a key also stores the email that is owed for it, until that is on the queue.

    ``on_revoked`` gets the account of each key that was deleted. A failure of ``notes`` is ignored: then the email may
    come twice.
    """

    users: Users
    api_keys: ApiKeys
    tokens: OneTimeTokens
    transactions: Transactions
    notes: Transactions
    outbox: Outbox
    on_revoked: Callable[[str], None]

    def revoke(self, leaks: Iterable[Leak], now: datetime) -> None:
        """Delete the keys that exist.

        A failure at one key does not spare the others: raises Unavailable at the end, and all can be tried again.
        """
        failures = [failure for leak in leaks if (failure := self._failure(leak, now)) is not None]
        if failures:
            raise failures[0]

    def _failure(self, leak: Leak, now: datetime) -> Unavailable | None:
        try:
            self._revoke(leak, now)
        except Unavailable as error:
            return error
        return None

    def _revoke(self, leak: Leak, now: datetime) -> None:
        key = self.api_keys.get(leak.digest)
        owed = self._end(key, leak, now) if key and key.is_live(now) else None
        owed = owed or self.tokens.get(one_time_tokens.token_key(LEAK_NOTICE, leak.digest))
        if owed is not None and now < owed.expires_at:
            self._notify(owed)

    def _end(self, key: ApiKey, leak: Leak, now: datetime) -> OneTimeToken | None:
        """Delete the key and return the email that is owed; None when the key was deleted concurrently."""
        owed = _owed(key, leak, now)
        also = (one_time_tokens.Save(owed), _record(key, leak, now))
        try:
            self._delete(key, *also)
        except Conflict:
            return None
        self.on_revoked(key.user_id)
        return owed

    def _delete(self, key: ApiKey, *also: Change) -> None:
        try:
            end_key(self.users, self.transactions, key.user_id, key.id, *also)
        except NotFound:
            # After a restore, an account may not list its key, which works all the same.
            self.transactions.commit(api_keys.Remove(key.digest, key.user_id), *also)

    def _notify(self, owed: OneTimeToken) -> None:
        said = LeakNotice.of(owed)
        self.outbox.put(messages.ApiKeyLeaked(owed.subject, **said.stored()))
        self.notes.commit(one_time_tokens.Discard(owed.key))


def _owed(key: ApiKey, leak: Leak, now: datetime) -> OneTimeToken:
    from accounts.flows.people.key_notices import last_use  # noqa: PLC0415 - few reports name a key that exists

    said = LeakNotice(key.name, leak.url, leak.found_in, **last_use(key))
    return OneTimeToken(LEAK_NOTICE, key.digest, key.user_id, now, now + LEAK_NOTICE_OWED, said.stored())


def _record(key: ApiKey, leak: Leak, now: datetime) -> Record:
    return Record(
        key.user_id,
        "authn_token_leaked",
        now,
        audit.NO_CALLER,
        {"api_key": key.id, "name": key.name, "url": leak.url, "found_in": leak.found_in, "by": GITHUB},
    )
