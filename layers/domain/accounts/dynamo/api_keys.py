"""The ``api_keys`` table: one item a key, key the SHA-256 of its text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pynamodb.attributes import UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from accounts.dynamo.tables import Operation, Table, Write, unavailable_on_failure
from accounts.model import api_keys
from accounts.model.api_keys import ApiKey
from accounts.transactions import Change


class _ByUser(GlobalSecondaryIndex["ApiKeyItem"]):
    class Meta:
        index_name = "by-user"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True)


class ApiKeyItem(Model):
    """As stored."""

    digest = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute()
    name = UnicodeAttribute()
    description = UnicodeAttribute()
    key_prefix = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    last_used_at = UTCDateTimeAttribute(null=True)
    by_user = _ByUser()


class ApiKeysTable(Table[ApiKeyItem]):
    """API keys in DynamoDB."""

    model = ApiKeyItem

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How each change to a key is written."""
        return {api_keys.Add: self._add, api_keys.Remove: self._remove, api_keys.End: self._end}

    def get(self, digest: str) -> ApiKey | None:
        """The key, read consistently; None when there is none. Raises Unavailable."""
        item = self.find(digest)
        return None if item is None else _api_key(item)

    def of_user(self, user_id: str) -> list[ApiKey]:
        """An account's keys, by index. Raises Unavailable."""
        with unavailable_on_failure():
            return [_api_key(item) for item in self.bound.by_user.query(user_id)]

    def touch(self, digest: str, now: datetime) -> None:
        """Write down that the key was used, unless it is gone: a deleted key must not come back by this."""
        self.note(self.bound(digest), ApiKeyItem.last_used_at.set(now), ApiKeyItem.digest.exists())

    def _add(self, change: api_keys.Add) -> Operation:
        key = change.api_key
        item = self.bound(
            key.digest,
            user_id=key.user_id,
            name=key.name,
            description=key.description,
            key_prefix=key.key_prefix,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
        )
        return self.put(item, ApiKeyItem.digest.does_not_exist())

    def _remove(self, change: api_keys.Remove) -> Operation:
        return self.delete(self.bound(change.digest), ApiKeyItem.user_id == change.user_id)

    def _end(self, change: api_keys.End) -> Operation:
        is_theirs = ApiKeyItem.digest.does_not_exist() | (ApiKeyItem.user_id == change.user_id)
        return self.delete(self.bound(change.digest), is_theirs)


def _api_key(item: ApiKeyItem) -> ApiKey:
    return ApiKey(
        digest=item.digest,
        user_id=item.user_id,
        name=item.name,
        description=item.description,
        key_prefix=item.key_prefix,
        created_at=item.created_at,
        last_used_at=item.last_used_at,
    )
