"""Atomic writes: all changes of a flow, or none.

Each module of ``accounts.model`` defines the changes to its noun as plain values. A flow lists them, and the store
commits the list in one conditional transaction. A flow can therefore never be half written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from accounts.errors import Unavailable

# More attempts than the ten logins that an account can have in progress, five of them in known browsers, could make
# conflict.
TRIES = 12


class Change(Struct, frozen=True):
    """One conditional write. Each kind states its condition."""


class Conflict(Exception):
    """The conditions of ``changes`` did not hold, and nothing was written."""

    def __init__(self, *changes: Change, found: Sequence[object] = ()) -> None:
        """``changes`` are those whose condition failed, in the order in which they were listed.

        ``found`` are the nouns that did not meet them, in the same order; None where there is none or it is not known.
        """
        super().__init__(", ".join(type(change).__name__ for change in changes))
        self.changes = changes
        self._found = found

    def concerns(self, kind: type[Change]) -> bool:
        """Whether the condition of a change of this kind failed."""
        return any(isinstance(change, kind) for change in self.changes)

    def found[N](self, kind: type[Change], noun: type[N]) -> N | None:
        """The stored noun that did not meet the condition of a change of this kind, if known."""
        pairs = zip(self.changes, self._found, strict=False)
        return next((it for change, it in pairs if isinstance(change, kind) and isinstance(it, noun)), None)


class Transactions(Protocol):
    def commit(self, *changes: Change) -> None:
        """Write all changes or none."""


def retry_on_conflict[T](attempt: Callable[[], T], kind: type[Change] = Change) -> T:
    """Run ``attempt`` (read, decide, commit) and return its result.

    Retries when the Conflict concerns a change of ``kind``, and raises any other Conflict. Raises Unavailable after
    TRIES attempts.
    """
    for _ in range(TRIES):
        try:
            return attempt()
        except Conflict as conflict:
            if not conflict.concerns(kind):
                raise
    raise Unavailable
