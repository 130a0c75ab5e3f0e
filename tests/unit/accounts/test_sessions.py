"""Sessions: when one ends, and what is kept of its token."""

from dataclasses import replace

import pytest

from accounts import secrets, sessions
from accounts.sessions import Session
from tests.unit.accounts.stage import NOW, OWNER, later, sample_session


@pytest.mark.parametrize(("remembered", "hours"), [(False, 24), (True, 30 * 24)])
def test_a_session_starts_now_and_ends_at_its_absolute_limit(*, remembered: bool, hours: int) -> None:
    """24 hours, or 30 days for who asked to be remembered; neither token nor device is stored in it (SE-02)."""
    token, session = sessions.start("u" * 28, method="google", remembered=remembered, caller=OWNER, now=NOW)

    ends = later(hours=hours)
    assert session == Session(
        secrets.digest(token), "u" * 28, "google", remembered, NOW, NOW, ends, replace(OWNER, device="")
    )
    assert token not in repr(session)


@pytest.mark.parametrize(("remembered", "idle_minutes"), [(False, 60), (True, 7 * 24 * 60)])
def test_an_idle_session_ends_at_its_limit(*, remembered: bool, idle_minutes: int) -> None:
    """One hour, or seven days if remembered: live until then, over at that very moment (SE-07)."""
    session = sample_session(remembered=remembered, expires_at=later(days=30))

    assert session.is_live(later(minutes=idle_minutes, microseconds=-1))
    assert not session.is_live(later(minutes=idle_minutes))


@pytest.mark.parametrize(("remembered", "limit_hours"), [(False, 24), (True, 720)])
def test_a_busy_session_ends_at_its_absolute_limit(*, remembered: bool, limit_hours: int) -> None:
    """However recent the last request: only a new log-in extends it (SE-08)."""
    session = sample_session(remembered=remembered, expires_at=later(hours=limit_hours))
    busy = replace(session, last_seen_at=later(hours=limit_hours, seconds=-1))

    assert busy.is_live(later(hours=limit_hours, microseconds=-1))
    assert not busy.is_live(later(hours=limit_hours))


def test_activity_extends_the_idle_limit_and_nothing_else() -> None:
    """A request each half hour keeps a session for a day and not a moment longer."""
    session = sample_session()
    alive = 0
    while session.is_live(later(minutes=30 * (alive + 1))):
        alive += 1
        session = replace(session, last_seen_at=later(minutes=30 * alive))

    assert alive == 47
    assert session == sample_session(last_seen_at=later(hours=23.5))


def test_activity_does_not_make_a_session_fresh_again() -> None:
    """Fresh is who logged in at most 15 minutes ago, however busy since (SE-12)."""
    busy = sample_session(last_seen_at=later(minutes=14))

    assert [busy.is_fresh(later(minutes=15)), busy.is_fresh(later(minutes=15, microseconds=1))] == [True, False]


def test_activity_is_written_down_every_five_minutes() -> None:
    """A busy session costs one write an interval."""
    session = sample_session()

    assert [session.is_due_for_touch(later(seconds=s)) for s in (0, 299, 300, 301)] == [False, False, True, True]
