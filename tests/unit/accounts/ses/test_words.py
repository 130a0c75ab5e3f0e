"""The words of emails in other languages."""

import pytest

from accounts.ses.words import Words


@pytest.mark.parametrize(
    ("language", "name", "shown"),
    [
        ("en", "Firefox on Windows", "Firefox on Windows"),
        ("en", "an unknown browser on Android", "an unknown browser on Android"),
        ("de", "Firefox on Windows", "Firefox unter Windows"),
        ("de", "an unknown browser on Android", "ein unbekannter Browser unter Android"),
        ("ja", "Safari on iPhone", "iPhone の Safari"),
        ("fr", "an unknown device", "un appareil inconnu"),
        ("fr", "curl", "curl"),
        ("fr", "", ""),
    ],
)
def test_a_device_is_named_in_the_readers_language(language: str, name: str, shown: str) -> None:
    assert Words("password_changed", language).worded("browser", name) == shown


@pytest.mark.parametrize(
    ("language", "name", "shown"),
    [
        ("ar", "source", "\u20682001:db8::/64\u2069"),
        ("ar", "used_from", "\u20682001:db8::/64\u2069"),
        # A link ends where its address does.
        ("ar", "link", "2001:db8::/64"),
        ("en", "source", "2001:db8::/64"),
    ],
)
def test_an_address_in_a_text_from_right_to_left_is_isolated(language: str, name: str, shown: str) -> None:
    assert Words("password_changed", language).worded(name, "2001:db8::/64") == shown


@pytest.mark.parametrize(
    ("language", "name", "value", "shown"),
    [
        ("en", "networks", "*", "Any network"),
        ("en", "networks", "192.0.2.0/24", "192.0.2.0/24"),
        ("en", "networks", "", ""),
        ("en", "scopes", "*", "Everything"),
        ("de", "scopes", "*", "Alles"),
        ("en", "scopes", "jobs:read", "jobs:read"),
        ("ar", "networks", "192.0.2.0/24", "\u2068192.0.2.0/24\u2069"),
        # A key may have this name.
        ("en", "name", "*", "*"),
    ],
)
def test_a_restriction_that_was_lifted_is_said_in_words(language: str, name: str, value: str, shown: str) -> None:
    assert Words("api_key_loosened", language).worded(name, value) == shown
