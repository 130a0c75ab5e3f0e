"""How long a response may be cached (RFC 9111)."""

from email.message import Message

import pytest

from accounts.document_fetching import freshness

DATE = "Sun, 01 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([], None),
        ([("Cache-Control", "public")], None),
        ([("Cache-Control", "max-age=60")], 60),
        ([("cache-control", 'public , MAX-AGE = "60"')], 60),
        ([("Cache-Control", "max-age=60, s-maxage=30")], 30),
        ([("Cache-Control", "public"), ("Cache-Control", "max-age=60")], 60),
        ([("Cache-Control", "max-age=60"), ("Age", "20")], 40),
        ([("Cache-Control", "max-age=60"), ("Age", "61")], 0),
        ([("Cache-Control", "max-age=60"), ("Age", "-5")], 60),
        ([("Cache-Control", "max-age=9999999999")], 9999999999),
        ([("Cache-Control", "max-age=99999999999")], None),
        ([("Cache-Control", "max-age=-1")], None),
        ([("Cache-Control", "max-age=6O")], None),
        ([("Cache-Control", "x-max-age=60")], None),
        ([("Cache-Control", "no-store, max-age=60")], 0),
        ([("Cache-Control", "no-cache")], 0),
        ([("Cache-Control", "private=x, max-age=60")], 0),
        ([("Expires", "Sun, 01 Mar 2026 12:01:00 GMT"), ("Date", DATE)], 60),
        ([("Expires", "Sun, 01 Mar 2026 11:00:00 GMT"), ("Date", DATE)], 0),
        ([("Expires", "Sun, 01 Mar 2026 12:01:00 GMT"), ("Date", DATE), ("Cache-Control", "max-age=5")], 5),
        ([("Expires", "0"), ("Date", DATE)], 0),
        ([("Expires", "Sun, 01 Mar 2026 12:01:00 GMT")], 0),
        ([("Expires", "Sun, 01 Mar 2026 12:01:00"), ("Date", DATE)], 0),
    ],
)
def test_a_response_says_how_long_it_may_be_cached(headers: list[tuple[str, str]], seconds: int | None) -> None:
    message = Message()
    for name, value in headers:
        message[name] = value

    assert freshness.seconds(message) == seconds
