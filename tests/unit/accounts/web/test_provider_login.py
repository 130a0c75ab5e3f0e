"""What the two functions read from a callback and set in the browser (OA-01, OA-15)."""

from datetime import timedelta
from typing import Any

import pytest

from accounts import secrets
from accounts.errors import MalformedRequest
from accounts.flows.people.session_opening import LoggedIn
from accounts.flows.providers.provider_login import Arrival, Callback, Departure, state_id
from accounts.web import provider_login, requests
from accounts.web.responses import Response
from tests.unit.accounts.flows.providers.stage import OAuthService
from tests.unit.accounts.stage import EMAIL, NOW, sample_session

STATE, BROWSER = "s" * 43, "b" * 43
COOKIE = f"__Host-oauth-{state_id(STATE)}"
ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


def _request(query: str, *cookies: str) -> requests.Request:
    return requests.read({"rawQueryString": query, "cookies": list(cookies)}, NOW)


def test_a_callback_is_read_with_the_cookie_that_is_named_after_its_state() -> None:
    """Other cookies are ignored."""
    request = _request(
        f"state={STATE}&code=a%20code&iss=https%3A%2F%2Faccounts.google.com&scope=x&authuser=0&prompt=consent&hd=",
        f"__Host-oauth-00000000={'x' * 43}",
        f"{COOKIE}={BROWSER}",
    )

    assert provider_login.callback(request) == Callback(STATE, "a code", "", "https://accounts.google.com", BROWSER)


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        COOKIE,
        f"{COOKIE}=",
        f"{COOKIE}={'b' * 42}",
        f"{COOKIE}={'b' * 44}",
        f"{COOKIE}={'b' * 42}é",
        f'{COOKIE}="{"b" * 43}"',
        f"{COOKIE}={secrets.digest(BROWSER)}",
        f"__Host-oauth-={BROWSER}",
        f"__Secure-oauth-{state_id(STATE)}={BROWSER}",
        f"{COOKIE.lower()}={BROWSER}",
        f"__Host-session={BROWSER}",
    ],
)
def test_any_other_cookie_is_ignored(cookie: str) -> None:
    """An empty browser value never matches."""
    assert provider_login.callback(_request(f"state={STATE}&code=c", cookie)).browser == ""


@pytest.mark.parametrize(
    "query",
    [
        f"state={STATE}&state={STATE}&code=c",
        f"state={STATE}&code=c&code=d",
        f"state={STATE}&code=c&iss=a&iss=b",
        f"state={STATE}&error=a&error=b",
        "state=%ff",
        "state=\ud800",
        "state&state",
        "state=" + "x" * 2048,
    ],
)
def test_an_ambiguous_query_is_refused(query: str) -> None:
    """RFC 6749 3.1: no parameter twice."""
    with pytest.raises(MalformedRequest):
        provider_login.callback(_request(query))


def test_a_cookie_that_comes_twice_is_refused() -> None:
    """One of them may be an attacker's."""
    with pytest.raises(MalformedRequest, match=f"The cookie {COOKIE} came more than once"):
        provider_login.callback(_request(f"state={STATE}&code=c", f"{COOKIE}={BROWSER}", f"{COOKIE}={'x' * 43}"))


def test_an_empty_callback_is_read_as_empty() -> None:
    """The flow decides what that means."""
    assert provider_login.callback(_request("")) == Callback("", "", "", "", "")


def test_all_pending_logins_of_a_browser_are_passed_on_by_digest() -> None:
    """The email does not say which it belongs to; the secrets themselves go no further."""
    request = _request("", f"__Host-oauth-1={BROWSER}", "__Host-oauth-2=short", "x=1", f"__Host-oauth-3={'c' * 43}")

    assert provider_login.browsers(request) == (secrets.digest(BROWSER), secrets.digest("c" * 43))


def test_a_departure_sets_a_cookie_that_only_this_site_gets() -> None:
    """303, and the secret for an hour: as long as an address may be confirmed by email."""
    departure = Departure("https://accounts.google.com/x?state=1", "0a1b2c3d", BROWSER)

    cookie = f"__Host-oauth-0a1b2c3d={BROWSER}; {ATTRIBUTES}; Max-Age=3600"
    request = _request("")
    assert provider_login.depart(departure, request) == Response(
        303, headers={"location": departure.url}, cookies=(cookie,)
    )
    body = '{"authorization_url":"https://accounts.google.com/x?state=1"}'
    assert provider_login.provider_address(departure, request) == Response(200, body, cookies=(cookie,))


def test_unfinished_logins_do_not_fill_the_cookie_header() -> None:
    """At the sixth, the older ones are deleted; a cookie with an unknown name is not echoed."""
    departure = Departure("https://accounts.google.com/x", "0a1b2c3d", BROWSER)
    held = [f"__Host-oauth-0000000{number}={BROWSER}" for number in range(4)]
    new = f"__Host-oauth-0a1b2c3d={BROWSER}; {ATTRIBUTES}; Max-Age=3600"
    gone = [f"__Host-oauth-0000000{number}=; {ATTRIBUTES}; Max-Age=0" for number in range(4)]
    odd = f"__Host-oauth-x; Domain=evil.example={BROWSER}"

    assert provider_login.depart(departure, _request("", *held)).cookies == (new,)
    assert provider_login.depart(departure, _request("", *held, odd)).cookies == (*gone, new)


@pytest.mark.parametrize("linked", [True, False])
def test_an_arrival_deletes_that_cookie(linked: bool) -> None:
    """303; with a session, except after a link, which keeps the existing one."""
    session = sample_session(user_id="u" * 28, expires_at=NOW + timedelta(hours=24))
    logged_in = LoggedIn(identity=_identity(), token="t" * 43, session=session)
    arrival = Arrival("https://accounts.example.com/keys", "u" * 28, None if linked else logged_in)
    answer = provider_login.arrive(arrival, _request(f"state={STATE}&code=c"))

    gone = f"{COOKIE}=; {ATTRIBUTES}; Max-Age=0"
    hint = "__Host-session-hint=1; Path=/; Secure; SameSite=Lax"
    new = () if linked else (f"__Host-session={'t' * 43}; {ATTRIBUTES}", hint)
    location = {"location": "https://accounts.example.com/keys"}
    assert answer == Response(303, headers=location, cookies=(gone, *new), user_id="u" * 28)


def _identity() -> Any:
    service = OAuthService()
    return service.person(EMAIL).identity
