"""Sessions: when one ends, and what is kept of its token."""

from copy import replace
from datetime import timedelta

import pytest

from accounts import secrets
from accounts.errors import ConfigurationError
from accounts.model import sessions
from accounts.model.sessions import LONGEST, Length, Lengths, Session
from accounts.settings import Settings
from tests.unit.accounts.stage import NOW, OWNER, later, sample_session

_SHORTER = {
    "SESSION_HOURS": "8",
    "SESSION_IDLE_MINUTES": "10",
    "REMEMBERED_SESSION_DAYS": "14",
    "REMEMBERED_SESSION_IDLE_DAYS": "2",
}
_AS_THE_TEMPLATE_HAS_IT = {
    "SESSION_HOURS": "24",
    "SESSION_IDLE_MINUTES": "60",
    "REMEMBERED_SESSION_DAYS": "30",
    "REMEMBERED_SESSION_IDLE_DAYS": "7",
}
SHORTER = Lengths(Length(timedelta(hours=8), timedelta(minutes=10)), Length(timedelta(days=14), timedelta(days=2)))


def deployment(**environ: str) -> Settings:
    """With lengths as the template has them, but for these."""
    return Settings("prod", "https://accounts.example.com", _AS_THE_TEMPLATE_HAS_IT | environ)


def start(lengths: Lengths, *, remembered: bool) -> tuple[str, Session]:
    """A session that begins now."""
    return sessions.start("u" * 28, method="google", remembered=remembered, lengths=lengths, caller=OWNER, now=NOW)


@pytest.mark.parametrize(("remembered", "hours", "idle"), [(False, 24, 1), (True, 30 * 24, 7 * 24)])
def test_a_session_starts_now_and_ends_at_its_absolute_limit(*, remembered: bool, hours: int, idle: int) -> None:
    """24 hours, or 30 days for who asked to be remembered; neither token nor device is stored in it (SE-02)."""
    token, session = start(LONGEST, remembered=remembered)

    ends, unused = later(hours=hours), timedelta(hours=idle)
    assert session == Session(
        secrets.digest(token), "u" * 28, "google", remembered, NOW, NOW, ends, unused, replace(OWNER, known_browser="")
    )
    assert token not in repr(session)


@pytest.mark.parametrize(("remembered", "expected"), [(False, SHORTER.forgotten), (True, SHORTER.remembered)])
def test_a_session_lasts_as_long_as_the_deployment_says(*, remembered: bool, expected: Length) -> None:
    """And carries it, so that nobody who reads it needs to know."""
    _, session = start(SHORTER, remembered=remembered)

    assert (session.expires_at - NOW, session.idle) == (expected.absolute, expected.idle)


def test_a_deployment_says_how_long_sessions_last() -> None:
    """In the units that people think in."""
    assert sessions.lengths_of(deployment()) == LONGEST
    assert sessions.lengths_of(deployment(**_SHORTER)) == SHORTER


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_HOURS", "0"),
        ("SESSION_HOURS", "25"),
        ("SESSION_IDLE_MINUTES", "9"),
        ("SESSION_IDLE_MINUTES", "61"),
        ("REMEMBERED_SESSION_DAYS", "31"),
        ("REMEMBERED_SESSION_IDLE_DAYS", "8"),
        ("REMEMBERED_SESSION_IDLE_DAYS", "-1"),
        ("REMEMBERED_SESSION_IDLE_DAYS", "1.5"),
        ("REMEMBERED_SESSION_DAYS", "\u0663"),
    ],
)
def test_sessions_cannot_be_made_longer_than_the_limits(name: str, value: str) -> None:
    """Nor so short that a person at work is logged out: such a deployment does not start."""
    with pytest.raises(ConfigurationError, match=f"The environment variable {name} must be a number from "):
        sessions.lengths_of(deployment(**{name: value}))


@pytest.mark.parametrize(("remembered", "idle_minutes"), [(False, 60), (True, 7 * 24 * 60)])
def test_an_idle_session_ends_at_its_limit(*, remembered: bool, idle_minutes: int) -> None:
    """One hour, or seven days if remembered: live until then, over at that very moment (SE-07)."""
    idle = LONGEST.of(remembered=remembered).idle
    session = sample_session(remembered=remembered, expires_at=later(days=30), idle=idle)

    assert session.is_live(later(minutes=idle_minutes, microseconds=-1))
    assert not session.is_live(later(minutes=idle_minutes))


@pytest.mark.parametrize(("remembered", "limit_hours"), [(False, 24), (True, 720)])
def test_a_busy_session_ends_at_its_absolute_limit(*, remembered: bool, limit_hours: int) -> None:
    """However recent the last request: only a new log-in extends it (SE-08)."""
    session = sample_session(remembered=remembered, expires_at=later(hours=limit_hours), idle=timedelta(days=7))
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
