"""The contract of counters."""

from copy import replace
from datetime import timedelta

import pytest

from accounts.model import throttles
from accounts.model.throttles import Counter, Full, Toll
from tests.contract.backends import Backend
from tests.contract.samples import LATER, NOW, a_toll


def full(backend: Backend, *tolls: Toll) -> tuple[Toll, Counter]:
    """The toll that is refused, and its counter. Nothing may be counted."""
    before = backend.contents()
    with pytest.raises(Full) as refusal:
        backend.throttles.take(tolls, LATER + timedelta(hours=1))
    assert backend.contents() == before
    return refusal.value.toll, refusal.value.counter


def count_of(backend: Backend, toll: Toll) -> int:
    """The count, read from a refusal: no counter is ever at -1000."""
    return full(backend, replace(toll, expected=-1000))[1].count


def test_a_counter_counts_up_to_its_limit(backend: Backend) -> None:
    """The refusal names the counter, its count and when it was last raised."""
    toll: Toll = a_toll(limit=2)
    backend.throttles.take([toll], NOW)
    backend.throttles.take([toll], LATER)

    assert full(backend, toll) == (toll, Counter(2, LATER))


def test_a_refused_attempt_does_not_raise_the_counter(backend: Backend) -> None:
    """Otherwise refused attempts would extend the wait."""
    toll: Toll = a_toll(limit=1)
    backend.throttles.take([toll], NOW)

    assert [full(backend, toll), full(backend, toll)] == [(toll, Counter(1, NOW))] * 2


def test_a_counter_can_be_read_without_raising_it(backend: Backend) -> None:
    """A counter that was never raised, or was cleared, reads as None."""
    toll: Toll = a_toll()
    before = backend.throttles.standing(toll.key)
    backend.throttles.take([toll], NOW)
    backend.throttles.take([toll], LATER)
    counted = [backend.throttles.standing(toll.key) for _ in range(2)]
    backend.commit(throttles.Clear(toll.key))

    assert (before, counted, backend.throttles.standing(toll.key)) == (None, [Counter(2, LATER)] * 2, None)


def test_counters_of_different_keys_are_independent(backend: Backend) -> None:
    one, other = a_toll(limit=1), a_toll(limit=1)
    backend.throttles.take([one], NOW)
    backend.throttles.take([other], NOW)

    assert [count_of(backend, one), count_of(backend, other)] == [1, 1]


def test_all_counters_of_an_attempt_are_raised_or_none(backend: Backend) -> None:
    """A full counter refuses the others, wherever it is in the list."""
    closed, before, after = a_toll(limit=1), a_toll(), a_toll()
    backend.throttles.take([before, closed, after], NOW)

    assert full(backend, before, closed, after) == (closed, Counter(1, NOW))
    assert [count_of(backend, toll) for toll in (before, closed, after)] == [1, 1, 1]


def test_of_two_full_counters_the_first_given_is_named(backend: Backend) -> None:
    one, other = a_toll(limit=1), a_toll(limit=1)
    backend.throttles.take([one, other], NOW)

    assert full(backend, a_toll(), other, one) == (other, Counter(1, NOW))
    assert full(backend, one, other, a_toll()) == (one, Counter(1, NOW))


def test_an_expected_count_is_raised_beyond_the_limit_once(backend: Backend) -> None:
    """So that of two callers that waited for the same attempt, one gets it."""
    toll: Toll = a_toll(limit=1)
    backend.throttles.take([toll], NOW)
    exact = replace(toll, expected=1)
    backend.throttles.take([exact], LATER)

    assert full(backend, exact) == (exact, Counter(2, LATER))


@pytest.mark.parametrize("expected", [0, 2])
def test_any_other_count_than_the_expected_is_refused(backend: Backend, expected: int) -> None:
    """Below as well as above, whatever the limit."""
    toll: Toll = a_toll(limit=10)
    backend.throttles.take([toll], NOW)
    exact = replace(toll, expected=expected)

    assert full(backend, exact) == (exact, Counter(1, NOW))


def test_an_expected_counter_that_was_cleared_reads_as_zero(backend: Backend) -> None:
    """A successful login cleared it concurrently; the refusal says so as of now."""
    exact: Toll = a_toll(expected=5)

    assert full(backend, exact) == (exact, Counter(0, LATER + timedelta(hours=1)))


def test_a_cleared_counter_starts_at_zero(backend: Backend) -> None:
    """Clearing a counter that never existed is not an error."""
    toll: Toll = a_toll(limit=1)
    backend.throttles.take([toll], NOW)
    backend.commit(throttles.Clear(toll.key), throttles.Clear(a_toll().key))
    backend.throttles.take([toll], LATER)

    assert full(backend, toll) == (toll, Counter(1, LATER))


def test_an_attempt_that_is_given_back_can_be_taken_again(backend: Backend) -> None:
    """The count drops by one, and the time when it was last raised stays."""
    toll: Toll = a_toll(limit=2)
    backend.throttles.take([toll], NOW)
    backend.throttles.take([toll], LATER)
    backend.commit(throttles.GiveBack(toll))

    assert full(backend, replace(toll, expected=2)) == (replace(toll, expected=2), Counter(1, LATER))
    backend.throttles.take([toll], LATER)
    assert count_of(backend, toll) == 2


def test_a_counter_with_a_quiet_period_accepts_one_attempt_per_period(backend: Backend) -> None:
    """It is ready at the exact end of the period, and a refused attempt does not extend it."""
    toll: Toll = a_toll(limit=0)
    backend.throttles.take([replace(toll, quiet_since=NOW)], NOW)
    second = timedelta(seconds=1)

    assert full(backend, replace(toll, quiet_since=NOW - second)) == (
        replace(toll, quiet_since=NOW - second),
        Counter(1, NOW),
    )
    backend.throttles.take([replace(toll, quiet_since=NOW)], NOW + second)
    early = replace(toll, quiet_since=NOW + second - timedelta(microseconds=1))
    assert full(backend, early) == (early, Counter(2, NOW + second))
