"""The credential of a request: a header for machines, the cookie for the site's own pages, never a URL or a body."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import CrossSiteRequest, MalformedRequest, Unauthenticated
from accounts.flows.people.authentication import ACCESS_TOKEN, API_KEY, SESSION, Credential
from accounts.web import credentials, routes
from accounts.web.requests import Request
from tests.unit.accounts.stage import SITE_URL, exactly
from tests.unit.accounts.web.events import OWN, TOKEN, request

KEY = "comfyui-" + "k" * 64
COOKIE = [f"__Host-session={TOKEN}"]
FOREIGN = {"origin": "http://127.0.0.1:8188"}
THE_KEY, THE_SESSION = Credential(API_KEY, KEY), Credential(SESSION, TOKEN)


def presented(sent: Request, route: routes.Route = routes.ACCOUNT_SHOW) -> Credential | None:
    """The credential that the request presents to that route."""
    return credentials.presented(sent, route, SITE_URL)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-KEY": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer {KEY}"},
        {"authorization": f"BEARER   {KEY}  "},
        {"authorization": f"Bearer {' ' * 10_000}{KEY}"},
    ],
)
def test_a_key_is_accepted_in_either_header(headers: dict[str, str]) -> None:
    """In any case of the scheme (RFC 9110 11.1), and from any origin (WB-04)."""
    assert presented(request(headers=headers)) == THE_KEY
    assert presented(request("POST", headers={**headers, **FOREIGN}), routes.ACCOUNT_OPEN) == THE_KEY


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": KEY},
        {"authorization": f"Basic {KEY}"},
        {"authorization": f"Bearer{KEY}"},
        {"authorization": f"Bearer\t{KEY}"},
        {"authorization": f'Bearer "{KEY}"'},
        {"authorization": f"Bearer Bearer {KEY}"},
        {"authorization": "Bearer " + KEY.removeprefix("comfyui-")},
        {"authorization": "Bearer COMFYUI-" + "k" * 64},
        {"authorization": "Bearer " + "k" * 10_000},
        {"authorization": f"Bearer {TOKEN}"},
        {"authorization": "Bearer %"},
        {"authorization": "Bearer é"},
        {"x-api-key": ""},
        {"x-api-key": " "},
    ],
)
def test_a_malformed_header_is_unauthenticated(headers: dict[str, str]) -> None:
    """401 and never 500, and a valid cookie beside it is ignored: a session token is no bearer token (SE-13, SE-18)."""
    with pytest.raises(Unauthenticated) as refusal:
        presented(request(headers={**headers, **OWN}, cookies=COOKIE))

    assert type(refusal.value) is Unauthenticated


@pytest.mark.parametrize(("characters", "accepted"), [(4096, True), (4097, False)])
def test_an_access_token_has_at_most_4096_characters(characters: int, accepted: bool) -> None:
    """Checked before it is decoded."""
    token = "a.b." + "c" * (characters - 4)
    sent = request(headers={"authorization": f"Bearer {token}"})
    try:
        read = presented(sent) == Credential(ACCESS_TOKEN, token)
    except Unauthenticated:
        read = False

    assert read is accepted


@pytest.mark.parametrize(
    "text",
    [f"{KEY}{KEY}", f'"{KEY}"', KEY.removeprefix("comfyui-"), KEY[:-9], TOKEN, f"Bearer {KEY}", "x", "é", "k" * 10_000],
)
def test_anything_in_the_place_of_a_key_is_read_as_a_key(text: str) -> None:
    """So that the error can say what is wrong; so is a header that begins like a key."""
    assert presented(request(headers={"x-api-key": text})) == Credential(API_KEY, text)
    for begun in (f"comfyui-{text}", f"comfyui-{text} {KEY}", f"comfyui-{text}\r\nX: y"):
        assert presented(request(headers={"authorization": f"Bearer {begun}"})) == Credential(API_KEY, begun)


@pytest.mark.parametrize("authorization", [f"Bearer {KEY[:-1]}X", "Bearer a.b.c", "Basic x", ""])
def test_of_two_header_credentials_the_key_counts(authorization: str) -> None:
    """The other is not read, so that it cannot be checked in place of the key."""
    assert presented(request(headers={"authorization": authorization, "x-api-key": KEY})) == THE_KEY
    assert presented(request(headers={"authorization": f"Bearer {KEY}", "x-api-key": "x"})) == Credential(API_KEY, "x")
    with pytest.raises(Unauthenticated):
        presented(request(headers={"authorization": f"Bearer {KEY}", "x-api-key": " "}))


def test_a_header_wins_over_the_cookie() -> None:
    """A client that sends a key means the key; it needs no proof of origin."""
    assert presented(request("POST", headers={"x-api-key": KEY}, cookies=COOKIE), routes.ACCOUNT_OPEN) == THE_KEY


@pytest.mark.parametrize("headers", [{}, OWN, {"sec-fetch-site": "none"}, {"sec-fetch-site": "cross-site"}])
def test_the_cookie_is_accepted_on_a_safe_request(headers: dict[str, str]) -> None:
    """Links to the pages are followed from anywhere; other sites cannot read the response."""
    assert presented(request(headers=headers, cookies=COOKIE)) == THE_SESSION


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("origin", ["http://127.0.0.1:8188", "https://evil.example", "null", ""])
def test_the_cookie_is_ignored_from_another_origin(method: str, origin: str) -> None:
    """Where other origins may read, only a header credential works (WB-05)."""
    route = next(route for route in routes.ROUTES if route.cors and route.cookies and route.method == method)

    assert presented(request(method, headers={"origin": origin}, cookies=COOKIE), route) is None


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"}])
def test_an_unsafe_request_with_the_cookie_must_prove_its_origin(headers: dict[str, str]) -> None:
    """Refused as cross-site, not as logged out, so that a script learns what to send (WB-01)."""
    with pytest.raises(CrossSiteRequest):
        presented(request("POST", headers=headers, cookies=COOKIE), routes.KEY_CREATE)

    assert presented(request("POST", headers=OWN, cookies=COOKIE), routes.KEY_CREATE) == THE_SESSION


@pytest.mark.parametrize("value", ["", "t" * 42, "t" * 44, "t" * 42 + "=", "t" * 42 + "é", KEY, "%"])
def test_anything_but_a_session_token_in_the_cookie_is_no_credential(value: str) -> None:
    """An API key or another kind of token is ignored (SE-13); it is not an error either (SE-18)."""
    sent = request("POST", headers=OWN, cookies=[f"__Host-session={value}"])

    assert presented(sent, routes.KEY_CREATE) is None
    assert credentials.session_cookie(sent) is None


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"rawQueryString": f"access_token={TOKEN}&api_key={KEY}"},
        {"body": f"access_token={TOKEN}", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"cookies": [f"session={TOKEN}", f"authorization=Bearer {KEY}"]},
        {"headers": {"x-auth-token": KEY, "proxy-authorization": f"Bearer {KEY}"}},
    ],
)
def test_credentials_elsewhere_are_ignored(parts: dict[str, Any]) -> None:
    """In the URL, the body, or another header or cookie (SE-15)."""
    assert presented(request(**parts)) is None


def test_a_route_without_cookies_ignores_them() -> None:
    """Even a valid one from the right page."""
    assert presented(request(headers=OWN, cookies=COOKIE), routes.HOME) is None


def test_a_session_cookie_that_comes_twice_is_refused() -> None:
    """Also by the routes that replace or end it."""
    twice = request(cookies=[*COOKIE, f"__Host-session={'u' * 43}"])
    with pytest.raises(MalformedRequest):
        presented(twice)
    with pytest.raises(MalformedRequest):
        credentials.session_cookie(twice)


@exactly
@given(st.dictionaries(st.sampled_from(["authorization", "x-api-key", "cookie", "origin"]), st.text(max_size=200)))
def test_no_header_causes_a_server_error(headers: dict[str, str]) -> None:
    """It is read, ignored or refused (SE-18)."""
    try:
        found = presented(request("POST", headers=headers), routes.ACCOUNT_OPEN)
    except (Unauthenticated, MalformedRequest, CrossSiteRequest):
        return

    key = headers.get("x-api-key", "")
    assert found is None or found == Credential(API_KEY, key) or found.secret.startswith("comfyui-")
