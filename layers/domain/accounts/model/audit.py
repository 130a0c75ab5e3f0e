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
    checked yet. ``language`` is the one that the person reads, or empty. ``address`` is the whole address behind
    ``source``, which is never stored: of an IPv6 address, ``source`` is only the network.
    """

    source: str
    user_agent: str
    known_browser: str = ""
    proof: str = ""
    language: str = ""
    address: str = ""


NO_CALLER = Caller(source="", user_agent="")
# The fields of a detail that the owner sees. Ids of sessions and keys are digests of secrets and are not shown.
_SHOWN = frozenset({"method", "provider", "client", "by", "name", "sessions", "url", "found_in", "networks", "scopes"})


class Record(Change, frozen=True):
    """``event`` is one of ``events.EVENTS`` with ``kept``. No field contains a secret."""

    user_id: str
    event: str
    at: datetime
    caller: Caller
    detail: Mapping[str, str] = field(default_factory=dict)
    serial: str = field(default_factory=lambda: secrets.random_base62(8))

    @property
    def kind(self) -> str:
        """The event; a client's login is a kind of its own."""
        return kind_of(self.event, "client" if "client" in self.detail else "")

    @property
    def moment(self) -> str:
        """The time as ISO 8601 in UTC, which sorts as text."""
        return self.at.astimezone(UTC).isoformat(timespec="microseconds")

    @property
    def event_id(self) -> str:
        """Unique, and sorts by kind, then by time: the kind, the moment, and eight random characters."""
        return f"{beginning(self.kind)}{self.moment}#{self.serial}"

    @property
    def shown(self) -> dict[str, str]:
        """The fields of the detail that the owner sees."""
        return {name: value for name, value in self.detail.items() if name in _SHOWN}


class AuditEvents(Protocol):
    def some(self, user_id: str, at_most: int) -> list[Record]:
        """The account's records, read consistently: all of them, or ``at_most`` of any kind and time."""

    def latest(self, user_id: str, begins_with: str, at_most: int) -> list[Record]:
        """The account's latest records whose id begins with that text, newest first, read consistently."""


def kind_of(event: str, whose: str = "") -> str:
    return f"{event}.{whose}" if whose else event


def beginning(kind: str) -> str:
    """What the ids of records of a kind begin with."""
    return f"{kind}#"
