"""Requests are read strictly: anything ambiguous is refused."""

from typing import Any

import pytest

from accounts import secrets
from accounts.errors import Forbidden, MalformedRequest
from accounts.limits import URL_MAX_CHARACTERS
from accounts.model.audit import Caller
from accounts.web import requests
from accounts.web.requests import Request
from tests.unit.accounts.stage import NOW
from tests.unit.accounts.web.events import event, request


def test_a_request_is_read_from_the_gateways_fields() -> None:
    """All of them, and the time that the flow uses."""
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
        caller=Caller("192.0.2.1", "a browser", language="en", address="192.0.2.1"),
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
def test_an_empty_event_is_a_request_from_an_unknown_source(bare: dict[str, Any]) -> None:
    """Missing fields are not errors; missing addresses share one limit (TH-04)."""
    nowhere = Caller("unknown", "", language="en")

    assert requests.read(bare, NOW) == Request("unknown", "", "", {}, [], {}, "", None, False, nowhere, NOW)  # noqa: FBT003


@pytest.mark.parametrize("claimed", ["203.0.113.9", "203.0.113.9, 192.0.2.1", "::1", ""])
def test_the_source_is_the_address_that_the_gateway_reports(claimed: str) -> None:
    """Whatever the client's headers say (TH-04)."""
    headers = {"x-forwarded-for": claimed, "forwarded": f"for={claimed}", "x-real-ip": claimed}

    assert request(headers=headers).caller.source == "192.0.2.1"


SECRET, OLD = "s" * 48, "o" * 48
DIGESTS = f"{secrets.digest(SECRET)},{secrets.digest(OLD)}"


def behind(digests: str, **headers: str) -> Request:
    """A request with these headers (``x_name`` for ``x-name``) to a deployment behind CloudFront with such a secret."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.through_firewall(request(headers=named), digests)


@pytest.mark.parametrize(
    ("viewer", "source", "address"),
    [
        ("203.0.113.9:46532", "203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6:46532", "2001:db8:1:2::/64", "2001:db8:1:2:3:4:5:6"),
        ("[2001:db8:1:2:3:4:5:6]:46532", "2001:db8:1:2::/64", "2001:db8:1:2:3:4:5:6"),
        ("2001:db8::1:46532", "2001:db8::/64", "2001:db8::1"),
        ("203.0.113.9", "unknown", ""),
        ("203.0.113.9:1,198.51.100.1:2", "unknown", "203.0.113.9:1,198.51.100.1"),
        ("", "unknown", ""),
    ],
)
@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_behind_cloudfront_the_source_is_the_address_that_cloudfront_reports(
    secret: str, viewer: str, source: str, address: str
) -> None:
    """Without its port; anything but one address shares one limit (TH-04)."""
    seen = behind(DIGESTS, x_firewall_secret=secret, cloudfront_viewer_address=viewer)

    assert seen.caller == Caller(source, "", language="en", address=address)


@pytest.mark.parametrize(
    "shown", ["", "x" * 48, SECRET[:-1], f"{SECRET},{SECRET}", f"x,{SECRET}", f" {SECRET}", DIGESTS, "\ud800", "é"]
)
def test_cloudfront_cannot_be_bypassed(shown: str) -> None:
    """Not by guessing, by repeating the header, or with the digest that the functions know (DS-02)."""
    with pytest.raises(Forbidden):
        behind(DIGESTS, x_firewall_secret=shown, cloudfront_viewer_address="203.0.113.9:1")


def test_without_the_header_cloudfront_cannot_be_bypassed() -> None:
    """Not even with a valid address."""
    with pytest.raises(Forbidden):
        behind(DIGESTS, cloudfront_viewer_address="203.0.113.9:1")


@pytest.mark.parametrize("claimed", ["203.0.113.9", "203.0.113.9, 192.0.2.1", "::1"])
def test_behind_cloudfront_other_headers_are_ignored(claimed: str) -> None:
    """Changing them does not create a new source (TH-04)."""
    proven = {"x_firewall_secret": SECRET, "cloudfront_viewer_address": "203.0.113.7:1"}
    seen = behind(DIGESTS, **proven, x_forwarded_for=claimed, forwarded=f"for={claimed}", x_real_ip=claimed)

    assert seen.caller.source == "203.0.113.7"


def test_without_cloudfront_its_headers_are_ignored() -> None:
    """Any client can write them (TH-04)."""
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
def test_a_user_agent_is_shortened_to_one_printable_line(sent: str, kept: str) -> None:
    """It is shown to the owner and logged, and an attacker may have chosen it."""
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
def test_cookies_are_read_from_the_event_or_from_the_header(parts: dict[str, Any]) -> None:
    """From ``cookies``, where HTTP APIs put them, or else from the header, where emulators leave them."""
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
def test_malformed_cookie_headers_are_read_strictly(line: str, value: str | None) -> None:
    """No header is an error, and no other name is taken for the session's (SE-18)."""
    assert request(headers={"cookie": line}).cookie("__Host-session") == value


def test_a_cookie_that_comes_twice_is_refused() -> None:
    """Two checks could each use another; refused only if that cookie is needed."""
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
        ("a=1&", {"a": "1"}),
        ("&a=1&&b=2", {"a": "1", "b": "2"}),
        ("a=1&debug", {"a": "1", "debug": ""}),
        ("a=1;b=2", {"a": "1;b=2"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=%zz", {"a": "%zz"}),
    ],
)
def test_query_parameters_are_read(raw: str, parameters: dict[str, str]) -> None:
    """Like browsers read them: decoded, empty values kept, empty parts skipped (WHATWG URL 5.1)."""
    assert request(rawQueryString=raw).query() == parameters


@pytest.mark.parametrize("raw", ["a=1&a=2", "a=1&%61=2", "a=1&a", "a&a", "a=%FF", "%FF"])
def test_malformed_query_parameters_are_refused(raw: str) -> None:
    """Repeated, also without a value, or not UTF-8."""
    with pytest.raises(MalformedRequest):
        request(rawQueryString=raw).query()


def test_a_query_that_is_too_long_is_refused_for_its_length() -> None:
    longest = "a=" + "x" * (URL_MAX_CHARACTERS - 2)
    with pytest.raises(MalformedRequest) as refusal:
        request(rawQueryString=longest + "x").query()

    assert refusal.value.message == "The query has more than 2048 characters."
    assert request(rawQueryString=longest).query() == {"a": longest[2:]}
