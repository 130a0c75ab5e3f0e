"""Moments as JSON."""

from datetime import datetime, timedelta, timezone

from accounts.web import timestamps


def test_times_are_iso_8601_in_utc_with_milliseconds() -> None:
    """In whatever zone they come."""
    tokyo = timezone(timedelta(hours=9))

    assert timestamps.timestamp(datetime(2026, 3, 1, 0, 0, 0, 123_999, tzinfo=tokyo)) == "2026-02-28T15:00:00.123Z"
