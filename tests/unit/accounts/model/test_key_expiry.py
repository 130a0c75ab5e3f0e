"""The moments of a key that expires."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.model import key_expiry

CREATED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WEEK, DAY, SECOND = timedelta(days=7), timedelta(days=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("lifetime", "before"),
    [
        (timedelta(days=90), WEEK),
        (WEEK + DAY + SECOND, WEEK),
        (WEEK + DAY, DAY),
        (WEEK, DAY),
        (2 * DAY + SECOND, DAY),
        (2 * DAY, timedelta(0)),
        (SECOND, timedelta(0)),
    ],
)
def test_a_new_key_has_no_reminder_on_its_first_day(lifetime: timedelta, before: timedelta) -> None:
    expires_at = CREATED + lifetime

    assert key_expiry.first(expires_at, CREATED) == expires_at - before


def test_each_moment_follows_the_one_before() -> None:
    expires_at = CREATED + timedelta(days=90)
    moments = [key_expiry.first(expires_at, CREATED)]
    while following := key_expiry.following(expires_at, moments[-1]):
        moments.append(following)

    assert moments == [expires_at - WEEK, expires_at - DAY, expires_at]


def test_moments_that_were_missed_count_as_one() -> None:
    expires_at = CREATED + timedelta(days=90)

    assert key_expiry.following(expires_at, expires_at - timedelta(hours=2)) == expires_at
    assert key_expiry.following(expires_at, expires_at + DAY) is None
