"""The ``throttles`` table: one item per counter, under ``<bucket>#<window>``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pynamodb.attributes import TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from accounts.dynamo.mapping import CountAttribute, ItemMapping
from accounts.dynamo.tables import Operation, Table, Write
from accounts.dynamo.transactions import write
from accounts.model import throttles
from accounts.model.throttles import Counter, Increment, LimitReached
from accounts.transactions import Change


class CounterItem(Model):
    counter = UnicodeAttribute(hash_key=True)
    counted = CountAttribute()
    raised_at = UTCDateTimeAttribute()
    expires_at = TTLAttribute()


class ThrottlesTable(Table[Counter]):
    """Counters in DynamoDB. One transaction raises all counters of an attempt, or none."""

    model = CounterItem
    mapping = ItemMapping(Counter, CounterItem, renamed={"count": "counted"})

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How each change to a counter is written."""
        return {throttles.Clear: self._clear, throttles.Decrement: self._decrement}

    def take(self, increments: Sequence[Increment], now: datetime) -> None:
        """Raise all counters by one, or none; raises LimitReached or Unavailable."""
        refusals = write([self._raise(increment, now) for increment in increments])
        if refusals:
            first = refusals[0]
            raise LimitReached(increments[first.index], self._counter(first.item, now))

    def get(self, key: str) -> Counter | None:
        """The counter; None when there is none. Raises Unavailable."""
        return self.find(key)

    def _raise(self, increment: Increment, now: datetime) -> Operation:
        actions = [
            CounterItem.counted.add(1),
            CounterItem.raised_at.set(now),
            CounterItem.expires_at.set(increment.expires_at),
        ]
        return self.update(increment.key, actions, _open(increment))

    def _clear(self, change: throttles.Clear) -> Operation:
        return self.delete(change.key)

    def _decrement(self, change: throttles.Decrement) -> Operation:
        increment = change.increment
        actions = [CounterItem.counted.add(-1), CounterItem.expires_at.set(increment.expires_at)]
        return self.update(increment.key, actions)

    def _counter(self, item: dict[str, Any] | None, now: datetime) -> Counter:
        """The counter that refused. An ``expected`` one that was cleared concurrently is at zero."""
        counter: Counter = self.mapping.noun(item) if item and "raised_at" in item else Counter(0, now)
        return counter


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
