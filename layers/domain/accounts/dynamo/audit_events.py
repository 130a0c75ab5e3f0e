"""The ``audit_events`` table: append only, under ``user_id`` and an id that begins with the kind and the time.

``at`` repeats the time for operators' queries. Ids of version 0.2.0 begin with the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pynamodb.attributes import TTLAttribute, UnicodeAttribute
from pynamodb.constants import STRING
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
    *_, at, serial = event_id.split("#")
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

    def some(self, user_id: str, at_most: int) -> list[Record]:
        """All of an account's records, or ``at_most``, read consistently. Raises Unavailable."""
        return self.query(user_id, at_most=at_most, consistent_read=True)

    def latest(self, user_id: str, begins_with: str, at_most: int) -> list[Record]:
        """An account's latest records with such an id, the newest first, read consistently. Raises Unavailable."""
        theirs = AuditEventItem.event_id.startswith(begins_with)
        return self.query(
            user_id,
            at_most=at_most,
            range_key_condition=theirs,
            consistent_read=True,
            scan_index_forward=False,
        )

    def _append(self, change: audit.Record) -> Operation:
        ends = AuditEventItem.expires_at
        expires_at = {ends.attr_type: ends.serialize(change.at + AUDIT_KEPT)}
        also = {"at": {STRING: change.moment}, "expires_at": expires_at}
        return self.put(change, AuditEventItem.event_id.does_not_exist(), **also)
