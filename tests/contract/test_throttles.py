"""What every keeper of counters promises."""

from copy import replace
from datetime import timedelta

import pytest

from accounts.model import throttles
from accounts.model.throttles import Counter, Full, Toll
from tests.contract.backends import Backend
from tests.contract.samples import LATER, NOW, a_toll


def full(backend: Backend, *tolls: Toll) -> tuple[Toll, Counter]:
    """Which toll refuses, and where its counter stands; nothing at all may be counted."""
    before = backend.contents()
    with pytest.raises(Full) as refusal:
        backend.throttles.take(tolls, LATER + timedelta(hours=1))
    assert backend.contents() == before
    return refusal.value.toll, refusal.value.counter


def standing(backend: Backend, toll: Toll) -> int:
    """Where a counter stands, as its refusal tells: nothing stands at minus a thousand."""
    return full(backend, replace(toll, expected=-1000))[1].count


def test_a_counter_takes_up_to_its_limit_and_no_more(backend: Backend) -> None:
    """The refusal tells which counter it was, how far it got and when it was last raised."""
    toll: Toll = a_toll(limit=2)
    backend.throttles.take([toll], NOW)
    backend.throttles.take([toll], LATER)

    assert full(backend, toll) == (toll, Counter(2, LATER))


def test_a_refused_try_does_not_move_the_counter(backend: Backend) -> None:
    """Or knocking on a closed door would keep it closed."""
    toll: Toll = a_toll(limit=1)
    backend.throttles.take([toll], NOW)

    assert [full(backend, toll), full(backend, toll)] == [(toll, Counter(1, NOW))] * 2


def test_where_a_counter_stands_can_be_read(backend: Backend) -> None:
    """Without raising it; one that was never raised, or has been cleared, is none."""
    toll: Toll = a_toll()
    before = backend.throttles.standing(toll.key)
    backend.throttles.take([toll], NOW)
    backend.throttles.take([toll], LATER)
    counted = [backend.throttles.standing(toll.key) for _ in range(2)]
    backend.commit(throttles.Clear(toll.key))

    assert (before, counted, backend.throttles.standing(toll.key)) == (None, [Counter(2, LATER)] * 2, None)


def test_counters_do_not_share(backend: Backend) -> None:
    """Each key has its own."""
    one, other = a_toll(limit=1), a_toll(limit=1)
    backend.throttles.take([one], NOW)
    backend.throttles.take([other], NOW)

    assert [standing(backend, one), standing(backend, other)] == [1, 1]


def test_all_counters_of_a_try_move_or_none(backend: Backend) -> None:
    """A full one holds the others where they are, wherever in the list it stands."""
    closed, before, after = a_toll(limit=1), a_toll(), a_toll()
    backend.throttles.take([before, closed, after], NOW)

    assert full(backend, before, closed, after) == (closed, Counter(1, NOW))
    assert [standing(backend, toll) for toll in (before, closed, after)] == [1, 1, 1]


def test_of_two_full_counters_the_first_is_named(backend: Backend) -> None:
    """In the order in which they were given."""
    one, other = a_toll(limit=1), a_toll(limit=1)
    backend.throttles.take([one, other], NOW)

    assert full(backend, a_toll(), other, one) == (other, Counter(1, NOW))
    assert full(backend, one, other, a_toll()) == (one, Counter(1, NOW))


def test_an_expected_count_is_taken_beyond_the_limit_once(backend: Backend) -> None:
    """So of two who waited for the same try, one gets it."""
    toll: Toll = a_toll(limit=1)
    backend.throttles.take([toll], NOW)
    exact = replace(toll, expected=1)
    backend.throttles.take([exact], LATER)

    assert full(backend, exact) == (exact, Counter(2, LATER))


@pytest.mark.parametrize("expected", [0, 2])
def test_any_other_count_than_the_expected_is_refused(backend: Backend, expected: int) -> None:
    """Below as well as above, whatever the limit would allow."""
    toll: Toll = a_toll(limit=10)
    backend.throttles.take([toll], NOW)
    exact = replace(toll, expected=expected)

    assert full(backend, exact) == (exact, Counter(1, NOW))


def test_an_expected_counter_that_is_gone_stands_at_nothing(backend: Backend) -> None:
    """A good login cleared it meanwhile; the refusal says so as of now."""
    exact: Toll = a_toll(expected=5)

    assert full(backend, exact) == (exact, Counter(0, LATER + timedelta(hours=1)))


def test_a_cleared_counter_starts_again(backend: Backend) -> None:
    """From nothing; clearing one that never was is no error."""
    toll: Toll = a_toll(limit=1)
    backend.throttles.take([toll], NOW)
    backend.commit(throttles.Clear(toll.key), throttles.Clear(a_toll().key))
    backend.throttles.take([toll], LATER)

    assert full(backend, toll) == (toll, Counter(1, LATER))


def test_what_is_given_back_can_be_taken_again(backend: Backend) -> None:
    """One place, not the whole counter, and when it was last raised stays known."""
    toll: Toll = a_toll(limit=2)
    backend.throttles.take([toll], NOW)
    backend.throttles.take([toll], LATER)
    backend.commit(throttles.GiveBack(toll))

    assert full(backend, replace(toll, expected=2)) == (replace(toll, expected=2), Counter(1, LATER))
    backend.throttles.take([toll], LATER)
    assert standing(backend, toll) == 2


def test_a_counter_that_has_to_rest_takes_one_at_a_time(backend: Backend) -> None:
    """However far it got; at the very end of its rest it is ready, and a refused try does not make it rest longer."""
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
