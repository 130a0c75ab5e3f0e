"""All or nothing: the changes of one story, written together or not at all.

Each noun defines the changes that can be made to it, as plain values; a story lists them; the store commits the list in
one conditional transaction. So "consume the token and set the password" is one sentence here and one write there, and
no story can leave half of itself behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from accounts.errors import Unavailable

# More often than log-ins, of which five can be under way at once, can get in between.
TRIES = 8


class Change(Struct, frozen=True):
    """One conditional write. Each kind states its condition."""


class Conflict(Exception):
    """The conditions of ``changes`` did not hold; nothing at all was written."""

    def __init__(self, *changes: Change) -> None:
        """Carry the changes whose condition failed, in the order they were listed."""
        super().__init__(", ".join(type(change).__name__ for change in changes))
        self.changes = changes

    def concerns(self, kind: type[Change]) -> bool:
        """Whether a change of this kind was among those refused."""
        return any(isinstance(change, kind) for change in self.changes)


class Transactions(Protocol):
    """The one way to write."""

    def commit(self, *changes: Change) -> None:
        """Write all changes or none; raises Conflict naming those refused, Unavailable when the store cannot say."""


def retry_on_conflict[T](attempt: Callable[[], T], kind: type[Change] = Change) -> T:
    """What ``attempt`` comes to, which reads, decides, and commits on the condition that nothing changed meanwhile.

    It is made anew when its Conflict concerns a change of this ``kind``; any other Conflict is for the caller. Raises
    Unavailable when something gets in between every time.
    """
    for _ in range(TRIES):
        try:
            return attempt()
        except Conflict as conflict:
            if not conflict.concerns(kind):
                raise
    raise Unavailable
