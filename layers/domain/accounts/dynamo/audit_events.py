"""The ``audit_events`` table: append only, key ``user_id`` and a time-ordered id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pynamodb.attributes import MapAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.models import Model

from accounts.dynamo.tables import Operation, Table, Write, unavailable_on_failure
from accounts.limits import AUDIT_KEPT
from accounts.model import audit
from accounts.model.audit import Caller, Record
from accounts.transactions import Change


class AuditEventItem(Model):
    """As stored."""

    user_id = UnicodeAttribute(hash_key=True)
    event_id = UnicodeAttribute(range_key=True)
    event = UnicodeAttribute()
    source = UnicodeAttribute()
    user_agent = UnicodeAttribute()
    detail: MapAttribute[str, str] = MapAttribute()
    expires_at = TTLAttribute()


class AuditEventsTable(Table[AuditEventItem]):
    """Audit records in DynamoDB."""

    model = AuditEventItem

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """Records are only ever added."""
        return {audit.Record: self._append}

    def latest(self, user_id: str, at_most: int) -> list[Record]:
        """An account's latest records, the newest first, read consistently. Raises Unavailable."""
        with unavailable_on_failure():
            newest_first = self.bound.query(user_id, consistent_read=True, scan_index_forward=False, limit=at_most)
            return [_record(item) for item in newest_first]

    def _append(self, change: audit.Record) -> Operation:
        item = self.bound(
            change.user_id,
            change.event_id,
            event=change.event,
            source=change.caller.source,
            user_agent=change.caller.user_agent,
            detail=dict(change.detail),
            expires_at=change.at + AUDIT_KEPT,
        )
        return self.put(item, AuditEventItem.event_id.does_not_exist())


def _record(item: AuditEventItem) -> Record:
    at, _, serial = item.event_id.partition("#")
    caller = Caller(source=item.source, user_agent=item.user_agent)
    return Record(item.user_id, item.event, datetime.fromisoformat(at), caller, item.detail.as_dict(), serial)
