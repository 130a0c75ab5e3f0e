"""An account's recent activity, for its owner to check (ASVS 6.3.5).

A stolen session or a program must not be able to hide an event under many others. So equal events become one entry, no
kind of event can fill the list, and security events come before the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from accounts import events
from accounts.limits import (
    ACTIVITY_FOLDED_WITHIN,
    ACTIVITY_OF_ONE_KIND,
    ACTIVITY_READ,
    ACTIVITY_SHOWN,
    AUDIT_KEPT,
)
from accounts.model import user_agents
from accounts.model.audit import AuditEvents, Record


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
    """The account's most important recent entries, newest first, with one read."""
    entries = _fold(latest(store, user_id, ACTIVITY_READ, now))
    by_rank = sorted(zip(_ranks(entries), range(len(entries)), strict=True))
    return [entries[index] for index in sorted(index for _, index in by_rank[:ACTIVITY_SHOWN])]


def latest(store: AuditEvents, user_id: str, at_most: int, now: datetime) -> list[Record]:
    """The account's latest records within AUDIT_KEPT. TTL may delete them later than that."""
    return [record for record in store.latest(user_id, at_most) if now - record.at < AUDIT_KEPT]


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


def _ranks(entries: Iterable[Entry]) -> Iterable[int]:
    """0 for the newest security events of each kind, 1 for the others, 2 for what is not a security event."""
    seen: Counter[object] = Counter()
    for entry in entries:
        kind = entry.record.event, "client" in entry.record.detail
        seen[kind] += 1
        yield 2 if events.is_routine(entry.record.event) else int(seen[kind] > ACTIVITY_OF_ONE_KIND)
