"""The secrets of API keys: one, and for some days after a rotation two.

Each secret is an item in the table of keys, with everything about its key, so that verifying one takes one read. The
account's item lists all of them, so that a key ends with each of its secrets.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import replace
from datetime import datetime, timedelta

from msgspec import UNSET, Struct, UnsetType

from accounts import secrets
from accounts.errors import InvalidInput
from accounts.limits import KEY_OVERLAP_DAYS
from accounts.model import api_keys, audit
from accounts.model.api_keys import SHOWN_CHARACTERS, ApiKey, ApiKeys, Before
from accounts.model.audit import Record
from accounts.model.users import User
from accounts.transactions import Change

_OVERLAP = f"Choose 0 to {KEY_OVERLAP_DAYS} days."


class Listed(Struct, frozen=True):
    """A key with its current secret, and the one that this replaced while it works."""

    key: ApiKey
    old: ApiKey | None = None


def of_key(user: User, key_id: str) -> frozenset[str]:
    """The secrets of a key, as the account lists them."""
    return frozenset(held for held in user.api_keys if id_of(held) == key_id)


def id_of(held: str) -> str:
    """The id of the key that a secret on the account's list is for."""
    return held.rpartition("#")[2]


def digest_of(held: str) -> str:
    return held.partition("#")[0]


def stored(store: ApiKeys, held: Iterable[str]) -> list[ApiKey]:
    """Those secrets on the account's list that exist, read consistently one by one: at most KEY_SECRETS_PER_ACCOUNT."""
    found = (store.get(digest_of(each)) for each in held)
    return [key for key in found if key is not None]


def first(store: ApiKeys, key_id: str, read: Before = UNSET) -> ApiKey | None:
    """The key's first secret, if it is stored; not read again if it was read before."""
    return store.get(key_id) if isinstance(read, UnsetType) else read


def live(found: Iterable[ApiKey], now: datetime) -> frozenset[str]:
    """Those secrets that work, as the account lists them."""
    return frozenset(key.held_as for key in found if key.is_live(now))


def expired(key: ApiKey, expires_at: datetime) -> Record:
    return Record(
        key.user_id, "authn_token_expired", expires_at, audit.NO_CALLER, {"api_key": key.id, "name": key.name}
    )


def dropping(user_id: str, held: frozenset[str], found: Iterable[ApiKey], now: datetime) -> Iterable[Change]:
    """The changes that end secrets which no longer work, and record each expiry that is not recorded yet.

    ``found`` has those that are stored. Refused when an expiry is recorded concurrently.
    """
    ended = [key for key in found if key.held_as in held and key.due_at]
    unrecorded = {key: at for key in ended if (at := key.expires_at) and at <= now}
    yield from ending(user_id, held - {key.held_as for key in unrecorded})
    for key, at in unrecorded.items():
        yield from (api_keys.Replace(key, None), expired(key, at))


def ending(user_id: str, held: Iterable[str]) -> Iterable[Change]:
    """The changes that end these secrets on the account's list."""
    return (api_keys.End(digest_of(each), user_id) for each in held)


def overlap(days: int) -> timedelta:
    """For how long the old secret works; raises InvalidInput."""
    if not 0 <= days <= KEY_OVERLAP_DAYS:
        raise InvalidInput(_OVERLAP)
    return timedelta(days=days)


def current(found: Iterable[ApiKey]) -> ApiKey | None:
    """Of a key's secrets, the one that was not replaced, if it is stored."""
    return next((key for key in found if key.ends_at is None), None)


def successor(key: ApiKey, now: datetime) -> tuple[str, ApiKey]:
    """A new secret of the key, in plain text and as stored."""
    plaintext = api_keys.new_plaintext()
    new = replace(
        key,
        digest=secrets.digest(plaintext),
        key_prefix=plaintext[:SHOWN_CHARACTERS],
        key_id=key.id,
        rotated_at=now,
        last_used_at=None,
        last_used_source="",
        last_used_agent="",
    )
    return plaintext, new


def listed(found: Iterable[ApiKey], now: datetime) -> list[Listed]:
    """Each key once, oldest first."""
    by_id: dict[str, list[ApiKey]] = {}
    for key in sorted(found, key=lambda each: (each.ends_at is None, each.rotated_at or each.created_at)):
        by_id.setdefault(key.id, []).append(key)
    keys = (_listed(secrets_of, now) for secrets_of in by_id.values())
    return sorted(keys, key=lambda each: (each.key.created_at, each.key.id))


def _listed(secrets_of: list[ApiKey], now: datetime) -> Listed:
    """The current one is last. An index that lags behind a rotation may have only the old one."""
    *others, current = secrets_of
    return Listed(current, next((old for old in others if old.is_live(now)), None))
