"""The ``api_keys`` table: one item per API key, under the SHA-256 of its text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from operator import and_

from msgspec.structs import asdict
from pynamodb.attributes import TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.constants import NUMBER, STRING
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from accounts.dynamo.mapping import ItemMapping
from accounts.dynamo.tables import Operation, Table, Write
from accounts.limits import EXPIRED_KEY_LISTED
from accounts.model import api_keys
from accounts.model.api_keys import ApiKey
from accounts.model.audit import Caller
from accounts.transactions import Change

# The one partition of the index of what is due.
_DUE = "due"
# What a use of a key changes.
_OF_USE = frozenset({"last_used_at", "last_used_source", "last_used_agent", "seen_networks", "new_network_at"})


class _ByUser(GlobalSecondaryIndex["ApiKeyItem"]):
    class Meta:
        index_name = "by-user"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True)


class _ByDue(GlobalSecondaryIndex["ApiKeyItem"]):
    """Only of secrets with ``due_at``, which have ``due``, too. Without more than keys, a use does not write it."""

    class Meta:
        index_name = "by-due"
        projection = KeysOnlyProjection()

    due = UnicodeAttribute(hash_key=True)
    due_at = UTCDateTimeAttribute(range_key=True)


class ApiKeyItem(Model):
    """``swept_at`` is the table's TTL. ``due`` is the same for all items in the index ``by-due``."""

    digest = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute()
    name = UnicodeAttribute()
    description = UnicodeAttribute()
    key_prefix = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    last_used_at = UTCDateTimeAttribute(null=True)
    last_used_source = UnicodeAttribute(null=True)
    last_used_agent = UnicodeAttribute(null=True)
    expires_at = UTCDateTimeAttribute(null=True)
    key_id = UnicodeAttribute(null=True)
    rotated_at = UTCDateTimeAttribute(null=True)
    ends_at = UTCDateTimeAttribute(null=True)
    due_at = UTCDateTimeAttribute(null=True)
    due = UnicodeAttribute(null=True)
    networks = UnicodeAttribute(null=True)
    seen_networks = UnicodeAttribute(null=True)
    new_network_at = UTCDateTimeAttribute(null=True)
    scopes = UnicodeAttribute(null=True)
    swept_at = TTLAttribute(null=True)
    by_user = _ByUser()
    by_due = _ByDue()


class ApiKeysTable(Table[ApiKey]):
    """API keys in DynamoDB."""

    model = ApiKeyItem
    mapping = ItemMapping(ApiKey, ApiKeyItem)

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How each change to a key is written."""
        return {
            api_keys.Add: self._add,
            api_keys.Remove: self._remove,
            api_keys.Amend: self._amend,
            api_keys.Replace: self._replace,
            api_keys.SetDue: self._set_due,
            api_keys.End: self._end,
        }

    def get(self, digest: str) -> ApiKey | None:
        """The key, read consistently; None when there is none. Raises Unavailable."""
        return self.find(digest)

    def of_user(self, user_id: str) -> list[ApiKey]:
        """An account's keys, by index. Raises Unavailable."""
        return self.query(user_id, index_name=_ByUser.Meta.index_name)

    def due(self, now: datetime, at_most: int) -> list[str]:
        """Digests of what is due, by index. Raises Unavailable."""
        until = ApiKeyItem.due_at <= now
        found = self.items(_DUE, at_most=at_most, index_name=_ByDue.Meta.index_name, range_key_condition=until)
        return [item[ApiKeyItem.digest.attr_name][STRING] for item in found]

    def touch(
        self, digest: str, caller: Caller, now: datetime, seen: str = "", new_network_at: datetime | None = None
    ) -> None:
        """Record that the key was used, unless it is gone: this must not restore a deleted key. Never raises."""
        by = ((ApiKeyItem.last_used_source, caller.source), (ApiKeyItem.last_used_agent, caller.user_agent))
        actions = [attribute.set(text) if text else attribute.remove() for attribute, text in by]
        if seen:
            actions.append(ApiKeyItem.seen_networks.set(seen))
        if new_network_at is not None:
            actions.append(ApiKeyItem.new_network_at.set(new_network_at))
        self.note(digest, [ApiKeyItem.last_used_at.set(now), *actions], ApiKeyItem.digest.exists())

    def _add(self, change: api_keys.Add) -> Operation:
        key, also = change.api_key, {}
        if key.expires_at is not None:
            also["swept_at"] = {NUMBER: ApiKeyItem.swept_at.serialize(_sweeping(key.expires_at))}
        if key.due_at is not None:
            also["due"] = {STRING: _DUE}
        return self.put(key, ApiKeyItem.digest.does_not_exist(), **also)

    def _remove(self, change: api_keys.Remove) -> Operation:
        return self.delete(change.digest, _is_theirs(change))

    def _amend(self, change: api_keys.Amend) -> Operation:
        given = ((getattr(ApiKeyItem, name), text) for name, text in asdict(change.to).items() if text is not None)
        actions = [
            attribute.set(text) if text or not attribute.null else attribute.remove() for attribute, text in given
        ]
        return self.update(change.key.digest, actions, _is_unchanged(change.key))

    def _replace(self, change: api_keys.Replace) -> Operation:
        key = change.key
        if change.ends_at is None:
            return self.delete(key.digest, _is_unchanged(key))
        swept_at = _sweeping(key.expires_at, change.ends_at)
        ends = [ApiKeyItem.ends_at.set(change.ends_at), ApiKeyItem.swept_at.set(swept_at)]
        return self.update(key.digest, [*ends, *_due(None)], _is_unchanged(key))

    def _set_due(self, change: api_keys.SetDue) -> Operation:
        key = change.key
        return self.update(key.digest, _due(change.due_at), ApiKeyItem.due_at == key.due_at)

    def _end(self, change: api_keys.End) -> Operation:
        is_theirs = ApiKeyItem.digest.does_not_exist() | (ApiKeyItem.user_id == change.user_id)
        return self.delete(change.digest, is_theirs)


def _is_theirs(change: api_keys.Remove) -> Condition:
    condition: Condition = ApiKeyItem.user_id == change.user_id
    if change.alone:
        condition &= ApiKeyItem.key_id.does_not_exist() & ApiKeyItem.ends_at.does_not_exist()
    return condition


def _is_unchanged(key: ApiKey) -> Condition:
    """Whether everything but the last use is as it was read."""
    return reduce(and_, (_has(key, field) for field in ApiKey.__struct_fields__ if field not in _OF_USE))


def _has(key: ApiKey, field: str) -> Condition:
    attribute, value = getattr(ApiKeyItem, field), getattr(key, field)
    condition: Condition = attribute == value if value or not attribute.null else attribute.does_not_exist()
    return condition


def _due(at: datetime | None) -> list[Action]:
    if at is None:
        return [ApiKeyItem.due_at.remove(), ApiKeyItem.due.remove()]
    return [ApiKeyItem.due_at.set(at), ApiKeyItem.due.set(_DUE)]


def _sweeping(*ends: datetime | None) -> datetime:
    """When DynamoDB deletes the item."""
    return min(end for end in ends if end is not None) + EXPIRED_KEY_LISTED
