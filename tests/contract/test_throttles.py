"""The contract of counters."""

from copy import replace
from datetime import timedelta

import pytest

from accounts.model import throttles
from accounts.model.throttles import Counter, Increment, LimitReached
from tests.contract.backends import Backend
from tests.contract.samples import LATER, NOW, an_increment


def limit_reached(backend: Backend, *increments: Increment) -> tuple[Increment, Counter]:
    """The increment that is refused, and its counter. Nothing may be counted."""
    before = backend.contents()
    with pytest.raises(LimitReached) as refusal:
        backend.throttles.take(increments, LATER + timedelta(hours=1))
    assert backend.contents() == before
    return refusal.value.increment, refusal.value.counter


def count_of(backend: Backend, increment: Increment) -> int:
    """The count, read from a refusal: no counter is ever at -1000."""
    return limit_reached(backend, replace(increment, expected=-1000))[1].count


def test_a_counter_counts_up_to_its_limit(backend: Backend) -> None:
    """The refusal names the counter, its count and when it was last raised."""
    increment: Increment = an_increment(limit=2)
    backend.throttles.take([increment], NOW)
    backend.throttles.take([increment], LATER)

    assert limit_reached(backend, increment) == (increment, Counter(2, LATER))


def test_a_refused_attempt_does_not_raise_the_counter(backend: Backend) -> None:
    """Otherwise refused attempts would extend the wait."""
    increment: Increment = an_increment(limit=1)
    backend.throttles.take([increment], NOW)

    assert [limit_reached(backend, increment), limit_reached(backend, increment)] == [(increment, Counter(1, NOW))] * 2


def test_a_counter_can_be_read_without_raising_it(backend: Backend) -> None:
    """A counter that was never raised, or was cleared, reads as None."""
    increment: Increment = an_increment()
    before = backend.throttles.get(increment.key)
    backend.throttles.take([increment], NOW)
    backend.throttles.take([increment], LATER)
    counted = [backend.throttles.get(increment.key) for _ in range(2)]
    backend.commit(throttles.Clear(increment.key))

    assert (before, counted, backend.throttles.get(increment.key)) == (None, [Counter(2, LATER)] * 2, None)


def test_counters_of_different_keys_are_independent(backend: Backend) -> None:
    one, other = an_increment(limit=1), an_increment(limit=1)
    backend.throttles.take([one], NOW)
    backend.throttles.take([other], NOW)

    assert [count_of(backend, one), count_of(backend, other)] == [1, 1]


def test_all_counters_of_an_attempt_are_raised_or_none(backend: Backend) -> None:
    """A full counter refuses the others, wherever it is in the list."""
    closed, before, after = an_increment(limit=1), an_increment(), an_increment()
    backend.throttles.take([before, closed, after], NOW)

    assert limit_reached(backend, before, closed, after) == (closed, Counter(1, NOW))
    assert [count_of(backend, increment) for increment in (before, closed, after)] == [1, 1, 1]


def test_of_two_full_counters_the_first_given_is_named(backend: Backend) -> None:
    one, other = an_increment(limit=1), an_increment(limit=1)
    backend.throttles.take([one, other], NOW)

    assert limit_reached(backend, an_increment(), other, one) == (other, Counter(1, NOW))
    assert limit_reached(backend, one, other, an_increment()) == (one, Counter(1, NOW))


def test_an_expected_count_is_raised_beyond_the_limit_once(backend: Backend) -> None:
    """So that of two callers that waited for the same attempt, one gets it."""
    increment: Increment = an_increment(limit=1)
    backend.throttles.take([increment], NOW)
    exact = replace(increment, expected=1)
    backend.throttles.take([exact], LATER)

    assert limit_reached(backend, exact) == (exact, Counter(2, LATER))


@pytest.mark.parametrize("expected", [0, 2])
def test_any_other_count_than_the_expected_is_refused(backend: Backend, expected: int) -> None:
    """Below as well as above, whatever the limit."""
    increment: Increment = an_increment(limit=10)
    backend.throttles.take([increment], NOW)
    exact = replace(increment, expected=expected)

    assert limit_reached(backend, exact) == (exact, Counter(1, NOW))


def test_an_expected_counter_that_was_cleared_reads_as_zero(backend: Backend) -> None:
    """A successful login cleared it concurrently; the refusal says so as of now."""
    exact: Increment = an_increment(expected=5)

    assert limit_reached(backend, exact) == (exact, Counter(0, LATER + timedelta(hours=1)))


def test_a_cleared_counter_starts_at_zero(backend: Backend) -> None:
    """Clearing a counter that never existed is not an error."""
    increment: Increment = an_increment(limit=1)
    backend.throttles.take([increment], NOW)
    backend.commit(throttles.Clear(increment.key), throttles.Clear(an_increment().key))
    backend.throttles.take([increment], LATER)

    assert limit_reached(backend, increment) == (increment, Counter(1, LATER))


def test_a_decremented_counter_can_be_raised_again(backend: Backend) -> None:
    """The count drops by one, and the time when it was last raised stays."""
    increment: Increment = an_increment(limit=2)
    backend.throttles.take([increment], NOW)
    backend.throttles.take([increment], LATER)
    backend.commit(throttles.Decrement(increment))

    assert limit_reached(backend, replace(increment, expected=2)) == (replace(increment, expected=2), Counter(1, LATER))
    backend.throttles.take([increment], LATER)
    assert count_of(backend, increment) == 2


def test_a_counter_with_a_quiet_period_accepts_one_attempt_per_period(backend: Backend) -> None:
    """It is ready at the exact end of the period, and a refused attempt does not extend it."""
    increment: Increment = an_increment(limit=0)
    backend.throttles.take([replace(increment, quiet_since=NOW)], NOW)
    second = timedelta(seconds=1)

    assert limit_reached(backend, replace(increment, quiet_since=NOW - second)) == (
        replace(increment, quiet_since=NOW - second),
        Counter(1, NOW),
    )
    backend.throttles.take([replace(increment, quiet_since=NOW)], NOW + second)
    early = replace(increment, quiet_since=NOW + second - timedelta(microseconds=1))
    assert limit_reached(backend, early) == (early, Counter(2, NOW + second))
