"""Reading, deciding, and writing on the condition that nothing changed meanwhile: again, but not for ever."""

from collections.abc import Callable

import pytest

from accounts.errors import Unavailable
from accounts.model import sessions, users
from accounts.transactions import TRIES, Change, Conflict, again_on_conflict

HOLD, END = users.LetGoKey("u" * 28, "k" * 64), sessions.End("d" * 64)


def _meeting(*conflicts: Conflict) -> Callable[[], int]:
    """An attempt that meets these and then succeeds; it tells how many it met."""
    left = list(conflicts)

    def attempt() -> int:
        if left:
            raise left.pop(0)
        return len(conflicts)

    return attempt


@pytest.mark.parametrize("conflicts", [0, 1, TRIES - 1])
def test_an_attempt_is_made_until_nothing_gets_in_between(conflicts: int) -> None:
    """And what it comes to is the answer."""
    assert again_on_conflict(_meeting(*[Conflict(HOLD)] * conflicts)) == conflicts


def test_an_attempt_is_not_made_for_ever() -> None:
    """After eight the caller may try again later."""
    attempt = _meeting(*[Conflict(HOLD)] * TRIES)
    with pytest.raises(Unavailable):
        again_on_conflict(attempt)

    assert attempt() == TRIES


@pytest.mark.parametrize("changes", [(HOLD, END), (END, HOLD)])
def test_one_change_of_the_kind_is_enough(changes: tuple[Change, ...]) -> None:
    """Whichever else was refused with it will be seen by the next attempt."""
    assert again_on_conflict(_meeting(Conflict(*changes)), users.LetGoKey) == 1


def test_a_conflict_of_another_kind_is_for_the_caller() -> None:
    """Reading again would not help."""
    conflict = Conflict(END)
    with pytest.raises(Conflict) as raised:
        again_on_conflict(_meeting(conflict), users.LetGoKey)

    assert raised.value is conflict
