"""Limits on guessing secrets: counted before the secret is checked, per account and per source."""

from copy import replace
from datetime import datetime, timedelta
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import secrets
from accounts.errors import TooManyAttempts, Unavailable
from accounts.limits import QUIET_SOURCE_SHARE
from accounts.model import attempts, throttles
from accounts.model.attempts import Attempt
from accounts.model.identities import with_new_streak
from accounts.model.throttles import Counter, Increment, LimitReached, Window
from tests.contract.samples import an_identity
from tests.fakes import World
from tests.unit.accounts.stage import NOW, exactly, later

_MINUTE = timedelta(minutes=1)
_STREAK = f"streak#{secrets.digest('olive@example.com')}"


def guess(world: World, at: timedelta = timedelta(0), *, limit: int = 1000) -> Attempt:
    """One more attempt at Olive's secret."""
    increment = throttles.window("password", "192.0.2.1", limit=limit, per=_MINUTE, now=NOW + at)
    return attempts.attempt(world, _STREAK, increment, now=NOW + at)


def seconds_refused(world: World, at: timedelta = timedelta(0), *, limit: int = 1000) -> int:
    """The ``Retry-After`` of an attempt that is refused, and changes no count and no wait."""
    before = _counts_and_waits(world)
    with pytest.raises(TooManyAttempts) as refusal:
        guess(world, at, limit=limit)
    assert _counts_and_waits(world) == before
    return refusal.value.retry_after


def _counts_and_waits(world: World) -> dict[str, tuple[int, datetime | None]]:
    """Each count, and when the wait after that many failures began, if there is one."""
    waiting = world.counters.get(_STREAK)
    waits = waiting is not None and attempts.wait_after(waiting.count)
    return {
        key: (counter.count, counter.raised_at if waits and key == _STREAK else None)
        for key, counter in world.counters.items()
        if counter.count
    }


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        (0, 0),
        (4, 0),
        (5, 30),
        (6, 60),
        (7, 120),
        (8, 240),
        (11, 1920),
        (12, 3600),
        (13, 3600),
        (100, 3600),
        (10**6, 3600),
    ],
)
def test_waits_double_from_30_seconds_to_an_hour(failures: int, seconds: int) -> None:
    """The first five failures cause no wait; each further one doubles it (TH-01)."""
    assert attempts.wait_after(failures) == timedelta(seconds=seconds)


def test_five_attempts_are_free_and_the_sixth_must_wait() -> None:
    """The sixth is refused for 30 seconds, with ``Retry-After``, and is not counted (TH-01)."""
    world = World()
    for _ in range(5):
        guess(world)

    assert seconds_refused(world) == 30
    assert seconds_refused(world, timedelta(seconds=29.1)) == 1
    assert guess(world, timedelta(seconds=30)).password_disabled is False
    assert world.counters[_STREAK] == Counter(6, later(seconds=30))


def test_after_each_wait_there_is_one_attempt() -> None:
    """The wait begins with the last attempt, and a refused one does not extend it."""
    world = World()
    world.counters[_STREAK] = Counter(7, NOW)

    assert seconds_refused(world, timedelta(seconds=119)) == 1
    guess(world, timedelta(seconds=120))
    assert seconds_refused(world, timedelta(seconds=121)) == 239


@pytest.mark.parametrize(("failures", "password_disabled"), [(98, False), (99, False), (100, True), (150, True)])
def test_a_hundred_failures_disable_the_password(failures: int, *, password_disabled: bool) -> None:
    """The 101st attempt in a row is counted and computed like any other, but fails even if right (TH-02)."""
    world = World()
    world.counters[_STREAK] = Counter(failures, NOW - timedelta(hours=1))

    assert guess(world).password_disabled is password_disabled


class _Between(World):
    """Throttles in which another attempt comes between the read of the streak and the attempt after the wait."""

    def take(self, increment: Increment, now: datetime) -> int:
        """The other attempt first."""
        if increment.expected is not None:
            super().take(increment, now)
        return super().take(increment, now)


def test_concurrent_guesses_share_the_one_attempt_after_a_wait() -> None:
    """An attempt that finds the streak raised is refused for the next wait (TH-05)."""
    world = _Between()
    world.counters[_STREAK] = Counter(5, NOW - _MINUTE)

    with pytest.raises(TooManyAttempts) as refusal:
        attempts.attempt(world, _STREAK, now=NOW)

    assert (refusal.value.retry_after, world.counters[_STREAK]) == (60, Counter(6, NOW))


def test_a_full_window_refuses_before_the_streak_is_counted() -> None:
    """A limited source learns when its minute ends, and cannot raise the account's streak."""
    world = World()
    guess(world, limit=1)

    assert seconds_refused(world, timedelta(seconds=17.5), limit=1) == 43
    assert world.counters[_STREAK].count == 1


class _Watching(World):
    """Notes the highest value of each counter, also of one that is lowered again."""

    def __init__(self) -> None:
        super().__init__()
        self.highest: dict[str, int] = {}

    def take(self, increment: Increment, now: datetime) -> int:
        count = super().take(increment, now)
        self.highest[increment.key] = max(count, self.highest.get(increment.key, 0))
        return count


def test_a_source_above_its_limit_never_raises_a_streak() -> None:
    """Not even until it is lowered again: that would make the owner wait, who is not notified (TH-17)."""
    world = _Watching()
    guess(world, limit=1)
    for _ in range(50):
        seconds_refused(world, limit=1)

    assert world.highest[_STREAK] == 1


def test_a_full_streak_refuses_and_gives_the_source_back() -> None:
    """A stranger who keeps guessing at one account does not use up the attempts of people behind the same address."""
    world = _Watching()
    for _ in range(5):
        guess(world)
    for _ in range(50):
        seconds_refused(world)

    assert (world.counters[_window().key].count, world.highest[_window().key]) == (5, 6)


class _DownAfter(World):
    """The store fails after ``writes`` counts."""

    writes = 0

    def take(self, increment: Increment, now: datetime) -> int:
        if self.writes == 0:
            raise Unavailable
        self.writes -= 1
        return super().take(increment, now)


@pytest.mark.parametrize("writes", [0, 1])
def test_an_attempt_that_cannot_be_counted_everywhere_is_counted_nowhere(writes: int) -> None:
    """The attempt is not made: the service fails closed (TH-12)."""
    world = _DownAfter()
    world.writes = writes
    with pytest.raises(Unavailable):
        guess(world)

    assert {counter.count for counter in world.counters.values()} <= {0}


def test_a_streak_is_stored_under_a_digest() -> None:
    """Unknown addresses are counted like known ones (TH-08)."""
    assert attempts.streak_key("olive@example.com") == _STREAK
    assert attempts.streak_key("olive@example.com", known=True) == f"streak#{secrets.digest('known olive@example.com')}"


def test_no_two_streaks_share_a_counter() -> None:
    """Of known and other browsers, after each login, or of the next account with the address.

    Before it has a password, an address is counted as if it had no account.
    """
    first = an_identity(streak=0, known_streak=0)
    logged_in = with_new_streak(first, known=False)
    again = with_new_streak(logged_in, known=False)
    reborn = replace(logged_in, user_id="another account")
    keys = [
        *(
            attempts.streak_key(first.email, identity, known=known)
            for identity in (None, first)
            for known in (False, True)
        ),
        *(attempts.streak_key(first.email, each) for each in (logged_in, again, reborn)),
        *(attempts.streak_key(first.email, with_new_streak(each, known=True), known=True) for each in (first, reborn)),
    ]

    assert keys[:2] == keys[2:4]
    assert len(set(keys[2:])) == len(keys[2:])


def test_a_streak_is_kept_for_ninety_days() -> None:
    """Slow guessing does not start over each day."""
    increments: list[Increment] = []

    class Recording(World):
        def take(self, increment: Increment, now: datetime) -> int:
            increments.append(increment)
            return super().take(increment, now)

    attempts.attempt(Recording(), _STREAK, now=NOW)

    assert increments == [Increment(_STREAK, 5, later(days=90))]


def test_success_gives_back_its_own_count_of_a_busy_source() -> None:
    """And no others: failures of other attempts from that source remain counted (TH-09)."""
    world = World()
    for _ in range(_window().limit // QUIET_SOURCE_SHARE):
        attempts.attempt(world, "streak#victim", _window(), now=NOW)
    attempts.attempt(world, _STREAK, _window(), now=NOW).succeeded(world)

    assert world.counters == {
        "streak#victim": Counter(2, NOW),
        _STREAK: Counter(1, NOW),
        _window().key: Counter(2, NOW),
    }


def test_success_leaves_the_count_of_a_quiet_source() -> None:
    """Up to a tenth of the limit, so that most logins need no last write."""
    world = World()
    for count in (1, 2):
        attempts.attempt(world, f"streak#{count}", _window(), now=NOW).succeeded(world)
        assert world.counters[_window().key].count == count
    attempts.attempt(world, "streak#3", _window(), now=NOW).succeeded(world)
    assert world.counters[_window().key].count == 2


def test_success_gives_no_proof_of_work_back() -> None:
    """It is valid once (TH-16)."""
    world, proof = World(), throttles.single_use("proof", "1", later(minutes=5))
    attempts.attempt(world, _STREAK, proof, now=NOW).succeeded(world)

    assert world.counters[proof.key].count == 1


def test_success_counts_though_its_counters_cannot_be_given_back() -> None:
    """The failure is reported, and denies nothing."""
    world = World(counters={_window().key: Counter(5, NOW)})
    attempt = attempts.attempt(world, _STREAK, _window(), now=NOW)
    world.down = True
    attempt.succeeded(world)

    assert len(world.ignored) == 1
    assert world.counters[_window().key].count == 6


def _window() -> Increment:
    return throttles.window("password", "192.0.2.1", limit=20, per=_MINUTE, now=NOW)


@pytest.mark.parametrize(
    ("at", "key", "ends"),
    [
        (NOW, "mail#192.0.2.1#60#29539440", later(minutes=1)),
        (later(seconds=59.999), "mail#192.0.2.1#60#29539440", later(minutes=1)),
        (later(minutes=1), "mail#192.0.2.1#60#29539441", later(minutes=2)),
    ],
)
def test_a_window_has_fixed_edges(at: datetime, key: str, ends: datetime) -> None:
    """All callers in one minute share its counter, which may expire when the minute ends."""
    increment = throttles.window("mail", "192.0.2.1", limit=20, per=_MINUTE, now=at)

    assert increment == Increment(key, 20, ends)


def test_windows_of_different_lengths_have_their_own_counters() -> None:
    per = (_MINUTE, timedelta(hours=1))
    keys = {throttles.window("password", "192.0.2.1", limit=1, per=length, now=NOW).key for length in per}

    assert len(keys) == 2


@pytest.mark.parametrize(
    ("at", "part", "ends"),
    [
        (NOW, "part_0", later(minutes=1)),
        (later(minutes=1), "part_1", later(minutes=2)),
        (later(minutes=59.9), "part_59", later(hours=1)),
    ],
)
def test_a_minute_is_counted_with_its_hour(at: datetime, part: str, ends: datetime) -> None:
    """In one item, so that counting takes one round trip."""
    increment = throttles.windows("password", "192.0.2.1", (10, _MINUTE), (50, timedelta(hours=1)), now=at)

    assert increment == Increment("password#192.0.2.1#3600#492324", 50, later(hours=1), within=Window(part, 10, ends))


def test_a_window_allows_exactly_its_limit() -> None:
    """The next attempt learns when the window ends."""
    world = World()
    for _ in range(20):
        throttles.take(world, _window(), now=NOW)
    with pytest.raises(TooManyAttempts) as refusal:
        throttles.take(world, _window(), now=later(seconds=20))

    assert (refusal.value.retry_after, world.counters) == (40, {_window().key: Counter(20, NOW)})


def test_all_windows_are_raised_or_none() -> None:
    """A refusal by one gives the others back."""
    world = World(counters={"full": Counter(1, NOW)})
    full = Increment("full", 1, later(hours=1))

    with pytest.raises(TooManyAttempts) as refusal:
        throttles.take(world, _window(), full, now=NOW)
    assert (refusal.value.retry_after, world.counters) == (
        3600,
        {"full": Counter(1, NOW), _window().key: Counter(0, NOW)},
    )


def test_all_windows_are_raised_or_none_when_the_store_fails() -> None:
    """A failure at the second one gives the first back (TH-13)."""
    world = _DownAfter()
    world.writes = 1
    with pytest.raises(Unavailable):
        throttles.take(world, _window(), Increment("second", 1, later(hours=1)), now=NOW)

    assert world.counters == {_window().key: Counter(0, NOW)}


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        ("0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:0db8:0000:0000::2", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", "unknown"),
        ("localhost", "unknown"),
        ("192.0.2.1, 203.0.113.9", "unknown"),
        ("192.0.2.1:443", "unknown"),
        ("192.0.2.01", "unknown"),
        ("192.0.2", "unknown"),
        ("3221225985", "unknown"),
        ("[2001:db8::1]", "unknown"),
        ("2001:db8::/64", "unknown"),
        (" 192.0.2.1", "unknown"),
        ("١٩٢.0.2.1", "unknown"),
    ],
)
def test_a_source_has_one_name_in_any_spelling(address: str, name: str) -> None:
    """IPv6 by its /64, IPv4-mapped as IPv4; anything but an address shares one name (TH-03, TH-04)."""
    assert throttles.source(address) == name


@exactly
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_a_whole_64_shares_one_name(one: int, other: int) -> None:
    """An attacker with 2^64 addresses has one counter (TH-03)."""
    network = 0x2001_0DB8_0000_0001 << 64
    names = {throttles.source(str(IPv6Address(network + host))) for host in (one, other)}

    assert names == {"2001:db8:0:1::/64"}


def test_full_says_which_limit_refused() -> None:
    """And the current counter."""
    increment, counter = _window(), Counter(10, NOW)
    full = LimitReached(increment, counter)

    assert (full.increment, full.counter, str(full)) == (increment, counter, increment.key)
