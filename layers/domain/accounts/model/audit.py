"""What happened to an account, from where: appended in the same transaction as the thing itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from msgspec import Struct, field

from accounts import secrets
from accounts.transactions import Change


class Caller(Struct, frozen=True):
    """Where a request came from: ``source`` as ``throttles.source`` names it, and what the client calls itself.

    ``known_browser`` is the digest of the cookie that a browser got at an earlier login, or empty. It proves
    nothing: it only spares people a mail about a browser that they use every day.
    """

    source: str
    user_agent: str
    known_browser: str = ""


NO_CALLER = Caller(source="", user_agent="")
# What the account's person is shown of a detail, whatever stories come to write there: how, with whom, which key by its
# name, how many. Not the ids of sessions and keys, which are digests of their secrets.
_SHOWN = frozenset({"method", "provider", "client", "by", "name", "sessions"})


class Record(Change, frozen=True):
    """One line of an account's history. ``event`` is one of ``events.EVENTS`` that is kept; never holds a secret."""

    user_id: str
    event: str
    at: datetime
    caller: Caller
    detail: Mapping[str, str] = field(default_factory=dict)
    serial: str = field(default_factory=lambda: secrets.random_base62(8))

    @property
    def event_id(self) -> str:
        """Time-ordered and unique: ISO 8601 in UTC, then eight random characters."""
        return f"{self.at.astimezone(UTC).isoformat(timespec='microseconds')}#{self.serial}"

    @property
    def shown(self) -> dict[str, str]:
        """What of the detail is for the account's person."""
        return {name: value for name, value in self.detail.items() if name in _SHOWN}


class AuditEvents(Protocol):
    """Where records are kept."""

    def latest(self, user_id: str, at_most: int) -> list[Record]:
        """An account's latest records, the newest first, read consistently."""
