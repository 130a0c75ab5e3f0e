"""The ``throttles`` table: one item per counter, under ``<bucket>#<window>``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pynamodb.attributes import TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from accounts import secrets
from accounts.dynamo.mapping import CountAttribute, Item, ItemMapping
from accounts.dynamo.tables import Operation, Table, Write
from accounts.model.throttles import Count, Counter, Increment, LimitReached, Window
from accounts.transactions import Change

_WRITER_CHARACTERS = 10


class CounterItem(Model):
    """``writer`` names the last increment, so that its retry is recognized."""

    counter = UnicodeAttribute(hash_key=True)
    counted = CountAttribute()
    raised_at = UTCDateTimeAttribute()
    expires_at = TTLAttribute()
    writer = UnicodeAttribute(null=True)


class ThrottlesTable(Table[Counter]):
    """Counters in DynamoDB. Each change is one conditional write of one item, alone except for ``Count``."""

    model = CounterItem
    mapping = ItemMapping(Counter, CounterItem, renamed={"count": "counted"})

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How a count is written as part of a transaction."""
        return {Count: self._count}

    def take(self, increment: Increment, now: datetime) -> int:
        """Raise the counter by one and return its new value; raises LimitReached or Unavailable."""
        # An update has no request token: without the writer's name, a retry whose response was lost would count twice.
        writer = _new_writer()
        written, stored = self.write_alone(self._raise(increment, writer, now))
        if not written and not _is_by(writer, stored):
            raise LimitReached(increment, self._counter(stored, now), _ends_at(increment, stored))
        return _count(stored)

    def get(self, key: str) -> Counter | None:
        """The counter; None when there is none. Raises Unavailable."""
        return self.find(key)

    def give_back(self, *increments: Increment) -> None:
        """Lower each counter by one, unless it is gone. A failure is reported and ignored."""
        for increment in increments:
            self.try_write(self._lower(increment))

    def _count(self, change: Count) -> Operation:
        return self._raise(change.increment, _new_writer(), change.now)

    def _raise(self, increment: Increment, writer: str, now: datetime) -> Operation:
        actions: list[Action] = [
            CounterItem.counted.add(1),
            CounterItem.raised_at.set(now),
            CounterItem.expires_at.set(increment.expires_at),
            CounterItem.writer.set(writer),
        ]
        condition = _is_not_by(writer) & _open(increment)
        if increment.within:
            part = _part(increment.within)
            actions.append(part.add(1))
            condition &= part.does_not_exist() | (part < increment.within.limit)
        return self.update(increment.key, actions, condition)

    def _lower(self, increment: Increment) -> Operation:
        actions: list[Action] = [CounterItem.counted.add(-1)]
        condition = CounterItem.counted > 0
        if increment.within:
            part = _part(increment.within)
            actions.append(part.add(-1))
            condition &= part > 0
        return self.update(increment.key, actions, condition)

    def _counter(self, item: Item, now: datetime) -> Counter:
        """The counter that refused. An ``expected`` one that has expired is at zero."""
        counter: Counter = self.mapping.noun(item) if "raised_at" in item else Counter(0, now)
        return counter


def _new_writer() -> str:
    return secrets.random_base62(_WRITER_CHARACTERS)


def _part(window: Window) -> Path:
    return Path(window.name)


def _is_by(writer: str, stored: Item) -> bool:
    return stored.get(CounterItem.writer.attr_name) == {"S": writer}


def _is_not_by(writer: str) -> Condition:
    another: Condition = CounterItem.writer.does_not_exist() | (CounterItem.writer != writer)
    return another


def _count(stored: Item) -> int:
    return int(stored.get(CounterItem.counted.attr_name, {"N": "0"})["N"])


def _ends_at(increment: Increment, stored: Item) -> datetime:
    """When the full window ends: the whole counter's, unless only the part is full."""
    only_the_part = _count(stored) < increment.limit
    return increment.within.ends_at if increment.within and only_the_part else increment.expires_at


def _open(increment: Increment) -> Condition:
    if increment.expected is not None:
        exact: Condition = CounterItem.counted == increment.expected
        return exact
    rested = (
        CounterItem.counted < increment.limit
        if increment.quiet_since is None
        else CounterItem.raised_at <= increment.quiet_since
    )
    free: Condition = CounterItem.counted.does_not_exist() | rested
    return free
