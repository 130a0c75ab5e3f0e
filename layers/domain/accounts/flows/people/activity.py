"""An account's recent activity, for its owner to check (ASVS 6.3.5)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.limits import ACTIVITY_SHOWN, AUDIT_KEPT
from accounts.model.audit import AuditEvents, Record


class ActivityList(Struct, frozen=True):
    audit_events: AuditEvents

    def of_account(self, user_id: str, now: datetime) -> list[Record]:
        """The account's latest records, newest first."""
        return latest(self.audit_events, user_id, ACTIVITY_SHOWN, now)


def latest(store: AuditEvents, user_id: str, at_most: int, now: datetime) -> list[Record]:
    """The account's latest records within AUDIT_KEPT. TTL may delete them later than that."""
    return [record for record in store.latest(user_id, at_most) if now - record.at < AUDIT_KEPT]
