"""Forcing races: threads that start at one moment, and that all have read before any of them writes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier, Lock, local
from typing import Any

from accounts.errors import AccountsError
from accounts.model.passwords import Verdict
from accounts.model.throttles import Full, Throttles, Toll
from accounts.transactions import Change, Transactions
from tests.fakes import FakeHasher

# Only how long a test that has gone wrong hangs.
PATIENCE_SECONDS = 30


def together[T](count: int, work: Callable[[int], T]) -> list[T | AccountsError]:
    """What ``work(0)`` ... ``work(count - 1)`` give or raise, each in a thread of its own, all let go at once."""
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
    """How often each kind of outcome came up."""
    names = [type(outcome).__name__ for outcome in outcomes]
    return {name: names.count(name) for name in sorted(set(names))}


class Meeting:
    """Where ``parties`` threads wait for each other: the first time each comes by, and never again."""

    def __init__(self, parties: int) -> None:
        """Nobody is here yet."""
        self._barrier = Barrier(parties)
        self._been = local()

    def wait(self) -> None:
        """Wait for all others, unless this thread has been here."""
        if not getattr(self._been, "here", False):
            self._been.here = True
            self._barrier.wait(PATIENCE_SECONDS)


@dataclass
class MeetAfterRead:
    """A store whose readers all hold what they read before the first of them goes on."""

    store: Any
    meeting: Meeting

    def get(self, key: str) -> Any:
        """Read, then wait for the others."""
        found = self.store.get(key)
        self.meeting.wait()
        return found

    def __getattr__(self, name: str) -> Any:
        """Whatever else the store does."""
        return getattr(self.store, name)


@dataclass
class MeetAfterFull:
    """Counters at which all who were refused hear of it before the first of them goes on."""

    store: Throttles
    meeting: Meeting

    def take(self, tolls: Sequence[Toll], now: Any) -> None:
        """Count, or wait with the others who could not."""
        try:
            self.store.take(tolls, now)
        except Full:
            self.meeting.wait()
            raise


@dataclass
class Overtaken:
    """A store whose reader is overtaken: ``meanwhile`` happens between its read and its return, ``times`` times."""

    store: Any
    meanwhile: Callable[[], Any]
    times: int = 1

    def get(self, key: str) -> Any:
        """Read, and come back late with what is now old."""
        found = self.store.get(key)
        if self.times:
            self.times -= 1
            self.meanwhile()
        return found

    def __getattr__(self, name: str) -> Any:
        """Whatever else the store does."""
        return getattr(self.store, name)


@dataclass
class MeetBeforeWrite:
    """Transactions before the first of which all have read whatever they read."""

    store: Transactions
    meeting: Meeting

    def commit(self, *changes: Change) -> None:
        """Wait for the others, then write."""
        self.meeting.wait()
        self.store.commit(*changes)


@dataclass
class OvertakenAtWrite:
    """Transactions that come late: ``meanwhile`` happens once, just before the first of them."""

    store: Transactions
    meanwhile: Callable[[], Any]
    happened: bool = False

    def commit(self, *changes: Change) -> None:
        """Write what was decided before that."""
        if not self.happened:
            self.happened = True
            self.meanwhile()
        self.store.commit(*changes)


@dataclass
class CountingHasher(FakeHasher):
    """Counts right under threads too, and has all who hash meet when ``meeting`` is given."""

    meeting: Meeting | None = None
    lock: Lock = field(default_factory=Lock)

    def hash(self, password: str) -> str:
        """As the fake does."""
        with self.lock:
            stored = super().hash(password)
        if self.meeting:
            self.meeting.wait()
        return stored

    def verify(self, password: str, stored: str | None) -> Verdict:
        """As the fake does."""
        with self.lock:
            return super().verify(password, stored)
