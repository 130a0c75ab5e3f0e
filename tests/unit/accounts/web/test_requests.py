"""Requests are read strictly: whatever could be understood in two ways is refused."""

from typing import Any

import pytest

from accounts import secrets
from accounts.errors import Forbidden, MalformedRequest
from accounts.model.audit import Caller
from accounts.web import requests
from accounts.web.requests import Request
from tests.unit.accounts.stage import NOW
from tests.unit.accounts.web.events import event, request


def test_a_request_is_what_the_gateway_says() -> None:
    """Every part of it, with the one clock that a story sees."""
    read = requests.read(
        event(
            "POST",
            "/customers/api-keys/1",
            headers={"User-Agent": "a browser", "X-Forwarded-For": "203.0.113.9"},
            cookies=["a=1", "b=2"],
            body="body",
            pathParameters={"id": "1"},
            rawQueryString="q=1",
            isBase64Encoded=True,
        ),
        NOW,
    )

    assert read == Request(
        id="request-1",
        method="POST",
        path="/customers/api-keys/1",
        headers={"user-agent": "a browser", "x-forwarded-for": "203.0.113.9"},
        cookies=[("a", "1"), ("b", "2")],
        path_parameters={"id": "1"},
        raw_query="q=1",
        body="body",
        body_is_base64=True,
        caller=Caller("192.0.2.1", "a browser"),
        received_at=NOW,
    )


@pytest.mark.parametrize(
    "bare",
    [
        {},
        {"headers": None, "cookies": None, "pathParameters": None, "requestContext": None, "body": None},
        {"requestContext": {"http": None}},
    ],
)
def test_a_bare_event_is_a_request_from_nowhere(bare: dict[str, Any]) -> None:
    """Nothing that is missing is an error; a missing address is limited under one shared name (TH-04)."""
    nowhere = Caller("unknown", "")

    assert requests.read(bare, NOW) == Request("unknown", "", "", {}, [], {}, "", None, False, nowhere, NOW)  # noqa: FBT003


@pytest.mark.parametrize("claimed", ["203.0.113.9", "203.0.113.9, 192.0.2.1", "::1", ""])
def test_the_address_is_the_gateways_word(claimed: str) -> None:
    """Whatever the client writes into its headers (TH-04)."""
    headers = {"x-forwarded-for": claimed, "forwarded": f"for={claimed}", "x-real-ip": claimed}

    assert request(headers=headers).caller.source == "192.0.2.1"


SECRET, OLD = "s" * 48, "o" * 48
DIGESTS = f"{secrets.digest(SECRET)},{secrets.digest(OLD)}"


def behind(digests: str, **headers: str) -> Request:
    """A request with these headers (``x_name`` for ``x-name``), where CloudFront with such a secret stands in front."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.through_firewall(request(headers=named), digests)


@pytest.mark.parametrize(
    ("viewer", "source"),
    [
        ("203.0.113.9:46532", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6:46532", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3:4:5:6]:46532", "2001:db8:1:2::/64"),
        ("2001:db8::1:46532", "2001:db8::/64"),
        ("203.0.113.9", "unknown"),
        ("203.0.113.9:1,198.51.100.1:2", "unknown"),
        ("", "unknown"),
    ],
)
@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_behind_cloudfront_the_address_is_cloudfronts_word(secret: str, viewer: str, source: str) -> None:
    """With the port that it adds; what is not one address is limited under one shared name (TH-04)."""
    seen = behind(DIGESTS, x_firewall_secret=secret, cloudfront_viewer_address=viewer)

    assert seen.caller == Caller(source, "")


@pytest.mark.parametrize(
    "shown", ["", "x" * 48, SECRET[:-1], f"{SECRET},{SECRET}", f"x,{SECRET}", f" {SECRET}", DIGESTS, "\ud800", "é"]
)
def test_nobody_comes_past_cloudfront(shown: str) -> None:
    """Not by guessing, by repeating the header, or by knowing what the functions know, the digest (DS-02)."""
    with pytest.raises(Forbidden):
        behind(DIGESTS, x_firewall_secret=shown, cloudfront_viewer_address="203.0.113.9:1")


def test_without_the_header_nobody_comes_past_cloudfront() -> None:
    """Not even with an address that looks right."""
    with pytest.raises(Forbidden):
        behind(DIGESTS, cloudfront_viewer_address="203.0.113.9:1")


@pytest.mark.parametrize("claimed", ["203.0.113.9", "203.0.113.9, 192.0.2.1", "::1"])
def test_behind_cloudfront_other_headers_say_nothing(claimed: str) -> None:
    """Rotating them does not make a new source (TH-04)."""
    proven = {"x_firewall_secret": SECRET, "cloudfront_viewer_address": "203.0.113.7:1"}
    seen = behind(DIGESTS, **proven, x_forwarded_for=claimed, forwarded=f"for={claimed}", x_real_ip=claimed)

    assert seen.caller.source == "203.0.113.7"


def test_where_cloudfront_is_not_its_headers_say_nothing() -> None:
    """Anybody can write them (TH-04)."""
    seen = behind("", x_firewall_secret=SECRET, cloudfront_viewer_address="203.0.113.9:1")

    assert seen.caller.source == "192.0.2.1"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"),
        ("a\r\nb\x1b[31m\0\u2028é", "a??b?[31m???"),
        ("x" * 300, "x" * 256),
    ],
)
def test_a_user_agent_is_one_short_printable_line(sent: str, kept: str) -> None:
    """It is shown to the owner and written into logs, and a stranger chose it."""
    assert request(headers={"user-agent": sent}).caller.user_agent == kept


@pytest.mark.parametrize(
    "parts",
    [
        {"cookies": ["__Host-session=abc", "theme=dark"]},
        {"headers": {"cookie": "__Host-session=abc; theme=dark"}},
        {"headers": {"Cookie": "theme=dark;__Host-session=abc"}},
        {"headers": {"cookie": "__Host-session=other"}, "cookies": ["__Host-session=abc"]},
    ],
)
def test_cookies_are_read_where_they_are(parts: dict[str, Any]) -> None:
    """In ``cookies``, where HTTP APIs put them, or else in the header, where emulators leave them."""
    assert request(**parts).cookie("__Host-session") == "abc"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("", None),
        (";;;", None),
        ("__Host-session", None),
        ("__host-session=abc", None),
        ("x__Host-session=abc", None),
        ("__Host-session =abc", None),
        ("__Host-session=", ""),
        ("__Host-session=a=b=", "a=b="),
        ("  __Host-session=abc  ", "abc"),
        ("%;=;__Host-session=é", "é"),
    ],
)
def test_odd_cookie_headers_are_read_to_the_letter(line: str, value: str | None) -> None:
    """No header is an error, and no other name is mistaken for ours (SE-18)."""
    assert request(headers={"cookie": line}).cookie("__Host-session") == value


def test_a_cookie_that_comes_twice_is_refused() -> None:
    """Two checks could each take another; but only where that cookie is asked for."""
    twice = request(cookies=["__Host-session=a", "__Host-session=b", "theme=dark"])
    with pytest.raises(MalformedRequest) as refusal:
        twice.cookie("__Host-session")

    expected = "The cookie __Host-session came more than once. Clear this site's cookies and try again."
    assert (refusal.value.message, twice.cookie("theme")) == (expected, "dark")


@pytest.mark.parametrize(
    ("raw", "parameters"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=", {"a": ""}),
        ("a=%C3%A9+b", {"a": "é b"}),
    ],
)
def test_query_parameters_are_read(raw: str, parameters: dict[str, str]) -> None:
    """Decoded, blanks kept."""
    assert request(rawQueryString=raw).query() == parameters


@pytest.mark.parametrize("raw", ["a=1&a=2", "a", "a=1&b", "a=%FF", "a=" + "x" * 2047])
def test_query_parameters_that_are_not_plain_are_refused(raw: str) -> None:
    """Repeated, without a value, not UTF-8, or longer than any honest link."""
    with pytest.raises(MalformedRequest):
        request(rawQueryString=raw).query()
