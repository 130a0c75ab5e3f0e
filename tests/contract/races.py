"""Force races: threads start together, and all of them read before any of them writes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier, Lock, local
from typing import Any

import pytest

from accounts.errors import AccountsError
from accounts.model.passwords import Verdict
from accounts.model.throttles import Increment, LimitReached, Throttles
from accounts.transactions import Change, Transactions
from tests.fakes import FakeHasher

# How long a broken test hangs.
PATIENCE_SECONDS = 60
three_times = pytest.mark.usefixtures("each_round")


def together[T](count: int, work: Callable[[int], T]) -> list[T | AccountsError]:
    """The results or errors of ``work(0)`` ... ``work(count - 1)``, each in its own thread, started at once."""
    start = Barrier(count)

    def run(index: int) -> T | AccountsError:
        start.wait(PATIENCE_SECONDS)
        try:
            return work(index)
        except AccountsError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def kinds(outcomes: Sequence[object]) -> dict[str, int]:
    """The number of outcomes by type name."""
    names = [type(outcome).__name__ for outcome in outcomes]
    return {name: names.count(name) for name in sorted(set(names))}


class Meeting:
    """A barrier for ``parties`` threads that each thread passes once; later calls return immediately."""

    def __init__(self, parties: int) -> None:
        self._barrier = Barrier(parties)
        self._been = local()

    def wait(self) -> None:
        """Wait for all other threads, the first time that this thread calls it."""
        if not getattr(self._been, "here", False):
            self._been.here = True
            self._barrier.wait(PATIENCE_SECONDS)


@dataclass
class MeetAfterRead:
    """A store on which every reader waits after its read until all others have read."""

    store: Any
    meeting: Meeting

    def get(self, key: str) -> Any:
        found = self.store.get(key)
        self.meeting.wait()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


@dataclass
class MeetAfterRefusal:
    """Counters at which every refused caller waits until all others are refused."""

    store: Throttles
    meeting: Meeting

    def take(self, increment: Increment, now: Any) -> int:
        try:
            return self.store.take(increment, now)
        except LimitReached:
            self.meeting.wait()
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


@dataclass
class Overtaken:
    """A store whose reads return stale values: ``meanwhile`` runs between read and return, ``times`` times."""

    store: Any
    meanwhile: Callable[[], Any]
    times: int = 1

    def get(self, key: str) -> Any:
        found = self.store.get(key)
        if self.times:
            self.times -= 1
            self.meanwhile()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


@dataclass
class MeetBeforeWrite:
    """Transactions that wait before the first write until all threads have read."""

    store: Transactions
    meeting: Meeting

    def commit(self, *changes: Change) -> None:
        self.meeting.wait()
        self.store.commit(*changes)


@dataclass
class OvertakenAtWrite:
    """Transactions before the first of which ``meanwhile`` runs once."""

    store: Transactions
    meanwhile: Callable[[], Any]
    happened: bool = False

    def commit(self, *changes: Change) -> None:
        if not self.happened:
            self.happened = True
            self.meanwhile()
        self.store.commit(*changes)


@dataclass
class CountingHasher(FakeHasher):
    """A thread-safe fake hasher; with ``meeting``, all threads wait for each other after they hash."""

    meeting: Meeting | None = None
    lock: Lock = field(default_factory=Lock)

    def hash(self, password: str) -> str:
        with self.lock:
            stored = super().hash(password)
        if self.meeting:
            self.meeting.wait()
        return stored

    def verify(self, password: str, stored: str | None) -> Verdict:
        with self.lock:
            return super().verify(password, stored)
