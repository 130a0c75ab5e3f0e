"""What happened to an account lately, for its person to look through (ASVS 6.3.5)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.limits import ACTIVITY_SHOWN, AUDIT_KEPT
from accounts.model.audit import AuditEvents, Record


class ActivityList(Struct, frozen=True):
    """Shows an account's latest activity."""

    audit_events: AuditEvents

    def of_account(self, user_id: str, now: datetime) -> list[Record]:
        """The account's latest records, the newest first."""
        return latest(self.audit_events, user_id, ACTIVITY_SHOWN, now)


def latest(store: AuditEvents, user_id: str, at_most: int, now: datetime) -> list[Record]:
    """The account's latest records, but none that is older than records are kept: the table only sweeps."""
    return [record for record in store.latest(user_id, at_most) if now - record.at < AUDIT_KEPT]
