"""An account's recent activity, for its owner to check (ASVS 6.3.5).

A stolen session or a program must not be able to hide an event under many others. So equal events become one entry,
each kind is read on its own when there are many, no kind can fill the list, and security events come before the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from itertools import chain

from msgspec import Struct

from accounts import events
from accounts.events import EVENTS
from accounts.limits import (
    ACTIVITY_FOLDED_WITHIN,
    ACTIVITY_READ,
    ACTIVITY_READ_OF_ONE_KIND,
    ACTIVITY_SHOWN,
    AUDIT_KEPT,
)
from accounts.model import audit, user_agents
from accounts.model.audit import AuditEvents, Record

# Every kind of record. The login of a client is a kind of its own.
KINDS = tuple(
    audit.kind_of(name, whose)
    for name, event in EVENTS.items()
    if event.kept
    for whose in ("", "client")
    if not whose or whose in event.detail
)


class Entry(Struct, frozen=True):
    """``count`` equal events. ``record`` is the last of them, and ``first_at`` the time of the first."""

    record: Record
    first_at: datetime
    count: int = 1


class ActivityList(Struct, frozen=True):
    audit_events: AuditEvents

    def of_account(self, user_id: str, now: datetime) -> list[Entry]:
        """The account's recent activity, newest first."""
        return recent(self.audit_events, user_id, now)


def recent(store: AuditEvents, user_id: str, now: datetime) -> list[Entry]:
    """The account's most important recent entries, newest first."""
    entries = _fold(latest(store, user_id, now))
    by_rank = sorted(zip(_ranks(entries), range(len(entries)), strict=True))
    return [entries[index] for index in sorted(index for _, index in by_rank[:ACTIVITY_SHOWN])]


def latest(store: AuditEvents, user_id: str, now: datetime) -> list[Record]:
    """The account's records within AUDIT_KEPT, newest first; if there are too many, the latest of each kind.

    TTL may delete records later than that.
    """
    records = store.some(user_id, ACTIVITY_READ)
    if len(records) == ACTIVITY_READ:
        each = (store.latest(user_id, beginning, ACTIVITY_READ_OF_ONE_KIND) for beginning in _beginnings())
        records = list(chain.from_iterable(each))
    kept = (record for record in records if now - record.at < AUDIT_KEPT)
    return sorted(kept, key=lambda record: (record.at, record.serial), reverse=True)


def _beginnings() -> Iterable[str]:
    """What the ids of records begin with: a kind, or the year in a record of version 0.2.0."""
    yield from (audit.beginning(kind) for kind in KINDS)
    yield "2"


def _fold(records: Iterable[Record]) -> list[Entry]:
    """One entry for equal records that follow each other within ACTIVITY_FOLDED_WITHIN. Takes the newest first."""
    entries: list[Entry] = []
    last: dict[object, int] = {}
    for record in records:
        index = last.get(_looks(record))
        if index is not None and entries[index].first_at - record.at <= ACTIVITY_FOLDED_WITHIN:
            newest = entries[index]
            entries[index] = Entry(newest.record, record.at, newest.count + 1)
        else:
            last[_looks(record)] = len(entries)
            entries.append(Entry(record, record.at))
    return entries


def _looks(record: Record) -> object:
    """What the owner sees of a record, except its time."""
    browser = user_agents.describe(record.caller.user_agent)
    return record.event, record.caller.source, browser, frozenset(record.shown.items())


def _ranks(entries: Iterable[Entry]) -> Iterable[tuple[bool, int]]:
    """Security events come before others, and of each kind, the newest before the second, before the third."""
    seen: Counter[str] = Counter()
    for entry in entries:
        kind = entry.record.kind
        seen[kind] += 1
        yield events.is_routine(entry.record.event), seen[kind]
