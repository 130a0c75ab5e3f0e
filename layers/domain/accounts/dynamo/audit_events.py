"""The ``audit_events`` table: append only, under ``user_id`` and a time-ordered id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pynamodb.attributes import TTLAttribute, UnicodeAttribute
from pynamodb.models import Model

from accounts.dynamo.mapping import ItemMapping, Joined, TextMapAttribute
from accounts.dynamo.tables import Operation, Table, Write
from accounts.limits import AUDIT_KEPT
from accounts.model import audit
from accounts.model.audit import Caller, Record
from accounts.transactions import Change


class AuditEventItem(Model):
    user_id = UnicodeAttribute(hash_key=True)
    event_id = UnicodeAttribute(range_key=True)
    event = UnicodeAttribute()
    source = UnicodeAttribute()
    user_agent = UnicodeAttribute()
    detail = TextMapAttribute()
    expires_at = TTLAttribute()


def _moment_and_serial(event_id: str) -> tuple[datetime, str]:
    at, _, serial = event_id.partition("#")
    return datetime.fromisoformat(at), serial


class AuditEventsTable(Table[Record]):
    """Audit records in DynamoDB."""

    model = AuditEventItem
    mapping = ItemMapping(
        Record,
        AuditEventItem,
        joined={"event_id": Joined("event_id", ("at", "serial"), _moment_and_serial)},
        nested={"caller": Caller},
    )

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """Records are only ever added."""
        return {audit.Record: self._append}

    def latest(self, user_id: str, at_most: int) -> list[Record]:
        """An account's latest records, the newest first, read consistently. Raises Unavailable."""
        return self.query(user_id, at_most=at_most, consistent_read=True, scan_index_forward=False)

    def _append(self, change: audit.Record) -> Operation:
        ends = AuditEventItem.expires_at
        expires_at = {ends.attr_type: ends.serialize(change.at + AUDIT_KEPT)}
        return self.put(change, AuditEventItem.event_id.does_not_exist(), expires_at=expires_at)
