"""Reports of leaked keys: what is read of them, and which keys they name."""

import json
from typing import Any

import pytest

from accounts import secrets
from accounts.errors import InvalidInput, MalformedRequest
from accounts.limits import LEAK_REPORT_MAX_MATCHES, LEAK_TYPE_MAX_CHARACTERS, LEAK_URL_MAX_CHARACTERS
from accounts.model import leak_reports
from accounts.model.leak_reports import Leak, LeakMatch
from scripts.sam_local.made_up import VALUES
from tests.scanner import match

KEY = VALUES["api_key"]
URL = "https://github.com/o/r/blob/1/f.txt"


def read(*matches: Any) -> list[LeakMatch]:
    return leak_reports.matches(json.dumps(matches).encode())


def test_a_key_is_named_once_with_the_first_address() -> None:
    """GitHub may leave the place empty; further fields are ignored."""
    found = read(
        {"token": KEY, "type": "t", "url": "", "source": ""},
        {"token": KEY, "type": "t", "url": None, "source": None, "more": 1},
        match(KEY, URL, "Commit"),
        match(KEY, f"{URL}#2", "content"),
        match("comfyui-nothing", URL),
    )

    assert leak_reports.leaks(found) == [Leak(secrets.digest(KEY), URL, "commit")]


@pytest.mark.parametrize("token", ["", "t", KEY[:-1], f"{KEY}x", f" {KEY}", KEY[:-1] + "0", KEY.upper(), f"{KEY}\n"])
def test_a_text_with_a_wrong_checksum_is_no_key(token: str) -> None:
    found = read(match(token))

    assert (leak_reports.leaks(found), found[0].label) == ([], "false_positive")


def test_a_key_is_a_true_positive() -> None:
    assert read(match(KEY))[0].label == "true_positive"


def test_the_text_is_not_in_the_printed_form() -> None:
    """Which may be in a traceback."""
    assert KEY not in repr(read(match(KEY)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[1]",
        b'["a"]',
        b"[[]]",
        b'[{"token":"a"}]',
        b'[{"type":"a"}]',
        b'[{"token":1,"type":"a"}]',
        b'[{"token":null,"type":"a"}]',
        b'[{"token":"a","type":"a","url":1}]',
        b'[{"token":"\\ud800","type":"a"}]',
        b'[{"token":"\\ud800\\u0041","type":"a"}]',
        b'[{"token":"\xff","type":"a"}]',
        b'[{"token":"a","type":"a"}',
        b'[{"token":"a","type":"a"}] x',
        b"[" * 100_000,
    ],
)
def test_another_body_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        leak_reports.matches(body)


def test_an_empty_report_has_no_match() -> None:
    assert leak_reports.matches(b"[]") == []


def test_a_report_has_at_most_a_thousand_matches() -> None:
    most = [match("a")] * LEAK_REPORT_MAX_MATCHES

    assert len(read(*most)) == 1000
    with pytest.raises(InvalidInput, match="at most 1000"):
        read(*most, match("a"))


def test_a_type_is_short() -> None:
    """It is repeated in the response."""
    assert read({"token": "a", "type": "t" * LEAK_TYPE_MAX_CHARACTERS})
    with pytest.raises(InvalidInput, match="at most 128"):
        read({"token": "a", "type": "t" * (LEAK_TYPE_MAX_CHARACTERS + 1)})


@pytest.mark.parametrize("url", [URL, "https://www.npmjs.com/package/a/v/1.0.0?x=1#y", "https://github.com/a%20b/(c)"])
def test_the_owner_is_shown_where_the_key_was_found(url: str) -> None:
    assert leak_reports.shown_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "some_url",
        "http://github.com/o",
        "https://",
        "https:github.com",
        "javascript:alert(1)",
        "https://ann@github.com/",
        "https://github.com:443@evil.example/",
        "https://[::1/",
        "https://github.com/a b",
        'https://github.com/"><b>',
        "https://github.com/\u202ea",
        "https://github.com/\n",
        "https://github.com/\u00e4",
    ],
)
def test_other_addresses_are_not_shown(url: str) -> None:
    assert leak_reports.shown_url(url) == ""


def test_a_long_address_is_not_shown() -> None:
    url = URL + "a" * (LEAK_URL_MAX_CHARACTERS - len(URL))
    assert (leak_reports.shown_url(url), leak_reports.shown_url(f"{url}a")) == (url, "")


@pytest.mark.parametrize("source", ["Your account was hacked", "a" * 33, "", "<b>"])
def test_a_place_is_a_word(source: str) -> None:
    (leak,) = leak_reports.leaks(read(match(KEY, source=source)))
    assert leak.found_in == ""
