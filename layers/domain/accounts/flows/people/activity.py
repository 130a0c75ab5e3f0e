"""What happened to an account lately, for its person to look through (ASVS 6.3.5)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.flows.people.authentication import Credential, SessionAuthentication
from accounts.limits import ACTIVITY_SHOWN, AUDIT_KEPT
from accounts.model.audit import AuditEvents, Record


class ActivityList(Struct, frozen=True):
    """Shows an account's latest activity."""

    authentication: SessionAuthentication
    audit_events: AuditEvents

    def of_caller(self, credential: Credential | None, now: datetime) -> tuple[str, list[Record]]:
        """Whose it is, and the latest of what happened, the newest first."""
        user_id = self.authentication.session(credential, now).user_id
        return user_id, latest(self.audit_events, user_id, ACTIVITY_SHOWN, now)


def latest(store: AuditEvents, user_id: str, at_most: int, now: datetime) -> list[Record]:
    """The account's latest records, but none that is older than records are kept: the table only sweeps."""
    return [record for record in store.latest(user_id, at_most) if now - record.at < AUDIT_KEPT]
