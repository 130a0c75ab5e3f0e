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
from accounts.model.throttles import Counter, Full, Toll
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
        return {throttles.Clear: self._clear, throttles.GiveBack: self._give_back}

    def take(self, tolls: Sequence[Toll], now: datetime) -> None:
        """Raise all counters by one, or none; raises Full or Unavailable."""
        refusals = write([self._raise(toll, now) for toll in tolls])
        if refusals:
            first = refusals[0]
            raise Full(tolls[first.index], self._counter(first.item, now))

    def standing(self, key: str) -> Counter | None:
        """The counter; None when there is none. Raises Unavailable."""
        return self.find(key)

    def _raise(self, toll: Toll, now: datetime) -> Operation:
        actions = [
            CounterItem.counted.add(1),
            CounterItem.raised_at.set(now),
            CounterItem.expires_at.set(toll.expires_at),
        ]
        return self.update(toll.key, actions, _open(toll))

    def _clear(self, change: throttles.Clear) -> Operation:
        return self.delete(change.key)

    def _give_back(self, change: throttles.GiveBack) -> Operation:
        toll = change.toll
        actions = [CounterItem.counted.add(-1), CounterItem.expires_at.set(toll.expires_at)]
        return self.update(toll.key, actions)

    def _counter(self, item: dict[str, Any] | None, now: datetime) -> Counter:
        """The counter that refused. An ``expected`` one that was cleared concurrently is at zero."""
        counter: Counter = self.mapping.noun(item) if item and "raised_at" in item else Counter(0, now)
        return counter


def _open(toll: Toll) -> Condition:
    if toll.expected is not None:
        exact: Condition = CounterItem.counted == toll.expected
        return exact
    rested = CounterItem.counted < toll.limit if toll.quiet_since is None else CounterItem.raised_at <= toll.quiet_since
    free: Condition = CounterItem.counted.does_not_exist() | rested
    return free
