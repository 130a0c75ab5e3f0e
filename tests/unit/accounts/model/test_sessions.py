"""Sessions: when one ends, and what is stored of its token."""

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
_AS_IN_THE_TEMPLATE = {
    "SESSION_HOURS": "24",
    "SESSION_IDLE_MINUTES": "60",
    "REMEMBERED_SESSION_DAYS": "30",
    "REMEMBERED_SESSION_IDLE_DAYS": "7",
}
SHORTER = Lengths(Length(timedelta(hours=8), timedelta(minutes=10)), Length(timedelta(days=14), timedelta(days=2)))


def deployment(**environ: str) -> Settings:
    """With the lengths of the template, except these."""
    return Settings("prod", "https://accounts.example.com", _AS_IN_THE_TEMPLATE | environ)


def start(lengths: Lengths, *, remembered: bool) -> tuple[str, Session]:
    """A session that begins now."""
    return sessions.start("u" * 28, method="google", remembered=remembered, lengths=lengths, caller=OWNER, now=NOW)


@pytest.mark.parametrize(("remembered", "hours", "idle"), [(False, 24, 1), (True, 30 * 24, 7 * 24)])
def test_a_session_starts_now_and_ends_at_its_absolute_limit(*, remembered: bool, hours: int, idle: int) -> None:
    """24 hours, or 30 days with "remember me"; neither token nor device is stored in it (SE-02)."""
    token, session = start(LONGEST, remembered=remembered)

    ends, unused = later(hours=hours), timedelta(hours=idle)
    assert session == Session(
        secrets.digest(token), "u" * 28, "google", remembered, NOW, NOW, ends, unused, replace(OWNER, known_browser="")
    )
    assert token not in repr(session)


@pytest.mark.parametrize(("remembered", "expected"), [(False, SHORTER.default), (True, SHORTER.remembered)])
def test_a_session_lasts_as_long_as_the_deployment_configures(*, remembered: bool, expected: Length) -> None:
    """The session stores its limits, so that readers need no configuration."""
    _, session = start(SHORTER, remembered=remembered)

    assert (session.expires_at - NOW, session.idle) == (expected.absolute, expected.idle)


def test_a_deployment_configures_session_lengths() -> None:
    """In minutes, hours and days."""
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
def test_session_lengths_outside_the_limits_are_refused(name: str, value: str) -> None:
    """Too short ones, which would log a working owner out, too: such a deployment does not start."""
    with pytest.raises(ConfigurationError, match=f"The environment variable {name} must be a number from "):
        sessions.lengths_of(deployment(**{name: value}))


@pytest.mark.parametrize(("remembered", "idle_minutes"), [(False, 60), (True, 7 * 24 * 60)])
def test_an_idle_session_ends_at_its_limit(*, remembered: bool, idle_minutes: int) -> None:
    """One hour, or seven days if remembered: valid until then, expired at that moment (SE-07)."""
    idle = LONGEST.of(remembered=remembered).idle
    session = sample_session(remembered=remembered, expires_at=later(days=30), idle=idle)

    assert session.is_live(later(minutes=idle_minutes, microseconds=-1))
    assert not session.is_live(later(minutes=idle_minutes))


@pytest.mark.parametrize(("remembered", "limit_hours"), [(False, 24), (True, 720)])
def test_a_busy_session_ends_at_its_absolute_limit(*, remembered: bool, limit_hours: int) -> None:
    """However recent the last request: only a new login extends it (SE-08)."""
    session = sample_session(remembered=remembered, expires_at=later(hours=limit_hours), idle=timedelta(days=7))
    busy = replace(session, last_seen_at=later(hours=limit_hours, seconds=-1))

    assert busy.is_live(later(hours=limit_hours, microseconds=-1))
    assert not busy.is_live(later(hours=limit_hours))


def test_activity_extends_the_idle_limit_and_nothing_else() -> None:
    """A request each half hour keeps a session for a day and no longer."""
    session = sample_session()
    alive = 0
    while session.is_live(later(minutes=30 * (alive + 1))):
        alive += 1
        session = replace(session, last_seen_at=later(minutes=30 * alive))

    assert alive == 47
    assert session == sample_session(last_seen_at=later(hours=23.5))


def test_activity_does_not_make_a_session_fresh_again() -> None:
    """A session is fresh for 15 minutes after the login, whatever its activity (SE-12)."""
    busy = sample_session(last_seen_at=later(minutes=14))

    assert [busy.is_fresh(later(minutes=15)), busy.is_fresh(later(minutes=15, microseconds=1))] == [True, False]


def test_activity_is_recorded_every_five_minutes() -> None:
    """A busy session costs one write per interval."""
    session = sample_session()

    assert [session.is_due_for_touch(later(seconds=s)) for s in (0, 299, 300, 301)] == [False, False, True, True]
