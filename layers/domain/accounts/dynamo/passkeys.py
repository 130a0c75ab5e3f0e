"""The ``passkeys`` table: one item per passkey, under its credential id."""

from __future__ import annotations

from collections.abc import Mapping

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from accounts.dynamo.mapping import CountAttribute, ItemMapping
from accounts.dynamo.tables import Operation, Table, Write
from accounts.model import passkeys
from accounts.model.passkeys import Passkey
from accounts.transactions import Change


class _ByUser(GlobalSecondaryIndex["PasskeyItem"]):
    class Meta:
        index_name = "by-user"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True)


class PasskeyItem(Model):
    credential_id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute()
    name = UnicodeAttribute()
    public_key = UnicodeAttribute()
    sign_count = CountAttribute()
    backup_eligible = BooleanAttribute()
    backed_up = BooleanAttribute()
    created_at = UTCDateTimeAttribute()
    added_with = UnicodeAttribute()
    added_in = UnicodeAttribute()
    last_used_at = UTCDateTimeAttribute(null=True)
    by_user = _ByUser()


class PasskeysTable(Table[Passkey]):
    """Passkeys in DynamoDB."""

    model = PasskeyItem
    mapping = ItemMapping(Passkey, PasskeyItem)

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How each change to a passkey is written."""
        return {
            passkeys.Add: self._add,
            passkeys.Use: self._use,
            passkeys.Rename: self._rename,
            passkeys.Remove: self._remove,
        }

    def get(self, credential_id: str) -> Passkey | None:
        """The passkey, read consistently; None when there is none. Raises Unavailable."""
        return self.find(credential_id)

    def of_user(self, user_id: str) -> list[Passkey]:
        """An account's passkeys, by index. Raises Unavailable."""
        return self.query(user_id, index_name=_ByUser.Meta.index_name)

    def _add(self, change: passkeys.Add) -> Operation:
        return self.put(change.passkey, PasskeyItem.credential_id.does_not_exist())

    def _use(self, change: passkeys.Use) -> Operation:
        read, signed = change.passkey, change.signed
        actions = [
            PasskeyItem.sign_count.set(signed.sign_count),
            PasskeyItem.backed_up.set(signed.backed_up),
            PasskeyItem.last_used_at.set(change.now),
        ]
        unchanged = (PasskeyItem.user_id == read.user_id) & (PasskeyItem.sign_count == read.sign_count)
        return self.update(read.credential_id, actions, unchanged)

    def _rename(self, change: passkeys.Rename) -> Operation:
        named = [PasskeyItem.name.set(change.name)]
        return self.update(change.credential_id, named, PasskeyItem.user_id == change.user_id)

    def _remove(self, change: passkeys.Remove) -> Operation:
        is_theirs = PasskeyItem.credential_id.does_not_exist() | (PasskeyItem.user_id == change.user_id)
        return self.delete(change.credential_id, is_theirs)
