"""Reading, deciding, and writing on the condition that nothing has changed: retried, with a limit."""

from collections.abc import Callable

import pytest

from accounts.errors import Unavailable
from accounts.model import held_keys, sessions
from accounts.transactions import TRIES, Change, Conflict, retry_on_conflict

HOLD, END = held_keys.DropKey("u" * 28, "k" * 64), sessions.End("d" * 64)


def _conflicting(*conflicts: Conflict) -> Callable[[], int]:
    """An attempt that raises these conflicts and then succeeds; it returns how many it met."""
    left = list(conflicts)

    def attempt() -> int:
        if left:
            raise left.pop(0)
        return len(conflicts)

    return attempt


@pytest.mark.parametrize("conflicts", [0, 1, TRIES - 1])
def test_an_attempt_is_repeated_until_there_is_no_conflict(conflicts: int) -> None:
    """Its result is returned."""
    assert retry_on_conflict(_conflicting(*[Conflict(HOLD)] * conflicts)) == conflicts


def test_attempts_are_limited() -> None:
    """After eight the caller is asked to retry later."""
    attempt = _conflicting(*[Conflict(HOLD)] * TRIES)
    with pytest.raises(Unavailable):
        retry_on_conflict(attempt)

    assert attempt() == TRIES


@pytest.mark.parametrize("changes", [(HOLD, END), (END, HOLD)])
def test_one_conflict_of_the_kind_is_enough(changes: tuple[Change, ...]) -> None:
    """The next attempt sees whatever else was refused with it."""
    assert retry_on_conflict(_conflicting(Conflict(*changes)), held_keys.DropKey) == 1


def test_a_conflict_of_another_kind_is_raised() -> None:
    """Reading again would not help."""
    conflict = Conflict(END)
    with pytest.raises(Conflict) as raised:
        retry_on_conflict(_conflicting(conflict), held_keys.DropKey)

    assert raised.value is conflict
