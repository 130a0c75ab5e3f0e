"""The ``identities`` table: one item per identity, under its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import replace

from pynamodb.attributes import BooleanAttribute, TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from accounts.dynamo.mapping import CountAttribute, ItemMapping, TextsAttribute
from accounts.dynamo.tables import Operation, Table, Write
from accounts.model import identities
from accounts.model.identities import Identity
from accounts.transactions import Change


class IdentityItem(Model):
    """An identity without a password has no ``password_hash``, rather than an empty one."""

    identity = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute()
    email = UnicodeAttribute()
    name = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    updated_at = UTCDateTimeAttribute()
    password_hash = UnicodeAttribute(null=True)
    password_set_with = UnicodeAttribute(null=True)
    password_set_in = UnicodeAttribute(null=True)
    verified = BooleanAttribute()
    disabled = BooleanAttribute()
    pending_token = UnicodeAttribute(null=True)
    expires_at = TTLAttribute(null=True)
    confirming_browser = UnicodeAttribute(null=True)
    for_account = UnicodeAttribute(null=True)
    pending_change = UnicodeAttribute(null=True)
    wanted_email = UnicodeAttribute(null=True)
    wanted_at = UTCDateTimeAttribute(null=True)
    secured_at = UTCDateTimeAttribute(null=True)
    streak = CountAttribute(null=True)
    known_streak = CountAttribute(null=True)
    devices = TextsAttribute(null=True)
    undeliverable = UnicodeAttribute(null=True)
    version = CountAttribute()


class IdentitiesTable(Table[Identity]):
    """Identities in DynamoDB."""

    model = IdentityItem
    mapping = ItemMapping(Identity, IdentityItem, renamed={"key": "identity", "known_browsers": "devices"})

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How each change to an identity is written."""
        return {
            identities.Signup: self._claim,
            identities.Claim: self._claim,
            identities.StillVerified: self._still_verified,
            identities.Replace: self._replace,
            identities.Rename: self._rename,
            identities.Remove: self._remove,
            identities.RemoveUnchanged: self._remove_unchanged,
            identities.DisableLogin: self._disable_login,
            identities.EnableLogin: self._enable_login,
        }

    def get(self, key: str) -> Identity | None:
        """The identity, read consistently; None when there is none. Raises Unavailable."""
        return self.find(key)

    def _claim(self, change: identities.Signup | identities.Claim) -> Operation:
        free = IdentityItem.identity.does_not_exist() | (IdentityItem.verified == False)  # noqa: E712 - an expression
        return self.put(replace(change.identity, version=0), free)

    def _still_verified(self, change: identities.StillVerified) -> Operation:
        condition = (IdentityItem.user_id == change.user_id) & (IdentityItem.verified == True)  # noqa: E712
        if change.asked_at is not None:
            # Moments are written so that they sort as text.
            condition &= IdentityItem.secured_at.does_not_exist() | (IdentityItem.secured_at < change.asked_at)
        return self.check(change.key, condition)

    def _replace(self, change: identities.Replace) -> Operation:
        read = change.identity
        return self.put(replace(read, version=read.version + 1), _is_as(read))

    def _rename(self, change: identities.Rename) -> Operation:
        named = [IdentityItem.name.set(change.name), IdentityItem.updated_at.set(change.now)]
        return self._change(change.key, named, change.user_id)

    def _remove(self, change: identities.Remove) -> Operation:
        return self.delete(change.key, IdentityItem.user_id == change.user_id)

    def _remove_unchanged(self, change: identities.RemoveUnchanged) -> Operation:
        return self.delete(change.identity.key, _is_as(change.identity))

    def _disable_login(self, change: identities.DisableLogin) -> Operation:
        return self._change(change.key, [IdentityItem.disabled.set(True)], change.user_id)

    def _enable_login(self, change: identities.EnableLogin) -> Operation:
        return self._change(change.key, [IdentityItem.disabled.set(False)], change.user_id)

    def _change(self, key: str, actions: Sequence[Action], user_id: str) -> Operation:
        actions = [*actions, IdentityItem.version.add(1)]
        return self.update(key, actions, IdentityItem.user_id == user_id)


def _is_as(read: Identity) -> Condition:
    same: Condition = (IdentityItem.version == read.version) & (IdentityItem.user_id == read.user_id)
    return same
