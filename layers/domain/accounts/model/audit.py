"""An account's audit records, written in the same transaction as the change that they record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from msgspec import Struct, field

from accounts import secrets
from accounts.transactions import Change


class Caller(Struct, frozen=True):
    """Where a request came from: ``source`` from ``throttles.source``, and the client's ``User-Agent``.

    ``known_browser`` is the digest of the cookie of an earlier login, or empty. It proves nothing: it only avoids
    emails about a browser that the owner uses regularly. ``proof`` is the proof of work that the request came with, not
    checked yet.
    """

    source: str
    user_agent: str
    known_browser: str = ""
    proof: str = ""


NO_CALLER = Caller(source="", user_agent="")
# The fields of a detail that the owner sees. Ids of sessions and keys are digests of secrets and are not shown.
_SHOWN = frozenset({"method", "provider", "client", "by", "name", "sessions"})


class Record(Change, frozen=True):
    """``event`` is one of ``events.EVENTS`` with ``kept``. No field contains a secret."""

    user_id: str
    event: str
    at: datetime
    caller: Caller
    detail: Mapping[str, str] = field(default_factory=dict)
    serial: str = field(default_factory=lambda: secrets.random_base62(8))

    @property
    def event_id(self) -> str:
        """Sorts by time and is unique: ISO 8601 in UTC, then eight random characters."""
        return f"{self.at.astimezone(UTC).isoformat(timespec='microseconds')}#{self.serial}"

    @property
    def shown(self) -> dict[str, str]:
        """The fields of the detail that the owner sees."""
        return {name: value for name, value in self.detail.items() if name in _SHOWN}


class AuditEvents(Protocol):
    def latest(self, user_id: str, at_most: int) -> list[Record]:
        """The account's latest records, newest first, read consistently."""
