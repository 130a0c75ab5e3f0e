"""The contract of counters."""

from copy import replace
from datetime import datetime, timedelta

import pytest

from accounts.model.throttles import Counter, Increment, LimitReached, Window
from tests.contract.backends import Backend
from tests.contract.samples import LATER, NOW, TOMORROW, an_increment


def limit_reached(backend: Backend, increment: Increment) -> tuple[Increment, Counter]:
    """The increment that is refused, and its counter. Nothing may be counted."""
    before = backend.contents()
    with pytest.raises(LimitReached) as refusal:
        backend.throttles.take(increment, LATER + timedelta(hours=1))
    assert backend.contents() == before
    return refusal.value.increment, refusal.value.counter


def count_of(backend: Backend, increment: Increment) -> int:
    """The count, read from a refusal: no counter is ever at -1000."""
    return limit_reached(backend, replace(increment, expected=-1000))[1].count


def test_a_counter_counts_up_to_its_limit(backend: Backend) -> None:
    """Each increase returns the count. The refusal names the counter, its count and when it was last raised."""
    increment: Increment = an_increment(limit=2)

    assert [backend.throttles.take(increment, at) for at in (NOW, LATER)] == [1, 2]
    assert limit_reached(backend, increment) == (increment, Counter(2, LATER))


def test_a_refused_attempt_does_not_raise_the_counter(backend: Backend) -> None:
    """Otherwise refused attempts would extend the wait."""
    increment: Increment = an_increment(limit=1)
    backend.throttles.take(increment, NOW)

    assert [limit_reached(backend, increment), limit_reached(backend, increment)] == [(increment, Counter(1, NOW))] * 2


def test_a_counter_can_be_read_without_raising_it(backend: Backend) -> None:
    """A counter that was never raised reads as None."""
    increment: Increment = an_increment()
    before = backend.throttles.get(increment.key)
    backend.throttles.take(increment, NOW)
    backend.throttles.take(increment, LATER)
    counted = [backend.throttles.get(increment.key) for _ in range(2)]

    assert (before, counted) == (None, [Counter(2, LATER)] * 2)


def test_counters_of_different_keys_are_independent(backend: Backend) -> None:
    one, other = an_increment(limit=1), an_increment(limit=1)
    backend.throttles.take(one, NOW)
    backend.throttles.take(other, NOW)

    assert [count_of(backend, one), count_of(backend, other)] == [1, 1]


def two_windows(short: int, long: int, minute: int = 0) -> Increment:
    """The increment of one key in that minute of an hour."""
    key, ends_at = f"two-windows#{short}#{long}", NOW + timedelta(minutes=minute + 1)
    return Increment(key, long, TOMORROW, within=Window(f"part_{minute}", short, ends_at))


def refused_until(backend: Backend, increment: Increment) -> datetime:
    before = backend.contents()
    with pytest.raises(LimitReached) as refusal:
        backend.throttles.take(increment, LATER)
    assert backend.contents() == before
    return refusal.value.ends_at


def test_two_windows_share_a_counter_and_each_has_its_limit(backend: Backend) -> None:
    """The short one refuses until it ends, and its successor starts at zero; the long one counts both."""
    first, second = two_windows(2, 3, minute=7), two_windows(2, 3, minute=8)
    for increment in (first, first):
        backend.throttles.take(increment, NOW)
    assert refused_until(backend, first) == NOW + timedelta(minutes=8)

    backend.throttles.take(second, NOW)
    assert refused_until(backend, second) == TOMORROW
    assert refused_until(backend, first) == TOMORROW
    assert backend.throttles.get(first.key) == Counter(3, NOW)


def test_giving_back_frees_both_windows(backend: Backend) -> None:
    one, other = two_windows(1, 2, minute=1), two_windows(1, 2, minute=2)
    assert [backend.throttles.take(increment, NOW) for increment in (one, other)] == [1, 2]
    backend.throttles.give_back(one)

    assert refused_until(backend, other) == NOW + timedelta(minutes=3)
    backend.throttles.take(one, LATER)
    assert backend.throttles.get(one.key) == Counter(2, LATER)


def test_a_counter_never_falls_below_zero(backend: Backend) -> None:
    """One that has expired stays away: a negative one would allow more than the limit."""
    increment, gone = an_increment(limit=1), two_windows(1, 1)
    backend.throttles.take(increment, NOW)
    backend.throttles.give_back(increment, increment, gone)
    backend.throttles.take(increment, LATER)

    assert limit_reached(backend, increment) == (increment, Counter(1, LATER))
    assert backend.throttles.get(gone.key) is None


def test_an_expected_count_is_raised_beyond_the_limit_once(backend: Backend) -> None:
    """So that of two callers that waited for the same attempt, one gets it."""
    increment: Increment = an_increment(limit=1)
    backend.throttles.take(increment, NOW)
    exact = replace(increment, expected=1)

    assert backend.throttles.take(exact, LATER) == 2
    assert limit_reached(backend, exact) == (exact, Counter(2, LATER))


@pytest.mark.parametrize("expected", [0, 2])
def test_any_other_count_than_the_expected_is_refused(backend: Backend, expected: int) -> None:
    """Below as well as above, whatever the limit."""
    increment: Increment = an_increment(limit=10)
    backend.throttles.take(increment, NOW)
    exact = replace(increment, expected=expected)

    assert limit_reached(backend, exact) == (exact, Counter(1, NOW))


def test_an_expected_counter_that_has_expired_reads_as_zero(backend: Backend) -> None:
    """It was deleted concurrently; the refusal says so as of now."""
    exact: Increment = an_increment(expected=5)

    assert limit_reached(backend, exact) == (exact, Counter(0, LATER + timedelta(hours=1)))


def test_a_decremented_counter_can_be_raised_again(backend: Backend) -> None:
    """The count drops by one, and the time when it was last raised stays."""
    increment: Increment = an_increment(limit=2)
    backend.throttles.take(increment, NOW)
    backend.throttles.take(increment, LATER)
    backend.throttles.give_back(increment)

    assert limit_reached(backend, replace(increment, expected=2)) == (replace(increment, expected=2), Counter(1, LATER))
    backend.throttles.take(increment, LATER)
    assert count_of(backend, increment) == 2


def test_a_counter_with_a_quiet_period_accepts_one_attempt_per_period(backend: Backend) -> None:
    """It is ready at the exact end of the period, and a refused attempt does not extend it."""
    increment: Increment = an_increment(limit=0)
    backend.throttles.take(replace(increment, quiet_since=NOW), NOW)
    second = timedelta(seconds=1)

    assert limit_reached(backend, replace(increment, quiet_since=NOW - second)) == (
        replace(increment, quiet_since=NOW - second),
        Counter(1, NOW),
    )
    backend.throttles.take(replace(increment, quiet_since=NOW), NOW + second)
    early = replace(increment, quiet_since=NOW + second - timedelta(microseconds=1))
    assert limit_reached(backend, early) == (early, Counter(2, NOW + second))
