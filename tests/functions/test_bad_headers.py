"""Malformed headers: 401 or 400, never a 5xx (next-auth GHSA-xmf8-cvqr-rfgj)."""

import pytest

from tests.functions import expected
from tests.functions.inventory import ANY_ROUTES, SESSION_ROUTES, UNSAFE_WITH_COOKIE
from tests.functions.lambdas import Lambdas
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, request

# These do not read the cookie; passkey_login does with its second request, which test_passkeys covers.
WITHOUT_SESSION = {"signup", "email_resend", "password_forgot", "password_reset", "passkey_login"}
NOT_CREDENTIALS = (
    "",
    " ",
    "Bearer",
    "Bearer ",
    "Bearer  ",
    "Bearer=",
    "Basic cGVyc29uOnBhc3N3b3Jk",
    "Bearer\t" + SAMPLE_KEY,
    "%",
    "\x00",
    "é" * 10_000,
    SAMPLE_KEY,
)
BAD_TOKENS = (
    "Bearer a b",
    "Bearer é",
    "bearer \ud800",
    "Bearer   %",
    "Bearer \x00",
    "Bearer " + "a" * 10_000,
    "Bearer " + "a" * 43,
    f'Bearer "{SAMPLE_KEY}"',
    "Bearer Bearer " + SAMPLE_KEY,
)
NO_KEYS = ("", " ")
NOT_KEYS = (
    "%",
    "é",
    "\ud800",
    "\x00",
    "a" * 10_000,
    "comfyu",
    "COMFYUI-" + "a" * 64,
    f"{SAMPLE_KEY},{SAMPLE_KEY}",
    f"{SAMPLE_KEY}{SAMPLE_KEY}",
    f'"{SAMPLE_KEY}"',
    SAMPLE_KEY.removeprefix("comfyui-"),
    f"Bearer {SAMPLE_KEY}",
)
NOT_COOKIES = (
    [],
    [""],
    ["="],
    ["__Host-session"],
    ["__Host-session="],
    ["__Host-session=é"],
    ["__Host-session=\ud800"],
    ["__Host-session=\x00"],
    ["__Host-session=%"],
    ["__Host-session=" + "a" * 42],
    ["__Host-session=" + "a" * 44],
    ["__Host-session=" + "a" * 10_000],
    [f'__Host-session="{SAMPLE_TOKEN}"'],
    [f"__Host-session={SAMPLE_TOKEN} x"],
    [f"__host-session={SAMPLE_TOKEN}"],
    [f"session={SAMPLE_TOKEN}"],
    [f"__Host-session={SAMPLE_TOKEN}; __Host-session={SAMPLE_TOKEN}"],
)


@pytest.mark.parametrize("function", SESSION_ROUTES + ANY_ROUTES)
def test_a_malformed_authorization_header_is_not_a_credential(functions: Lambdas, function: str) -> None:
    """401 on every route, even with a valid cookie: a credential that is sent must be valid."""
    functions.people.arrange()
    for value in NOT_CREDENTIALS:
        answer = functions.invoke(function, request(function, cookie=SAMPLE_TOKEN, headers={"authorization": value}))
        assert (value[:40], answer.read) == (value[:40], expected.refusal(function, 401, "not_authenticated"))
        assert (answer.events, answer.calls) == (["authz_fail"], [])


@pytest.mark.parametrize("function", SESSION_ROUTES + ANY_ROUTES)
def test_a_malformed_bearer_token_is_answered_with_invalid_token(functions: Lambdas, function: str) -> None:
    """The same 401, with RFC 6750 3.1's error code in the challenge."""
    functions.people.arrange()
    for value in BAD_TOKENS:
        answer = functions.invoke(function, request(function, cookie=SAMPLE_TOKEN, headers={"authorization": value}))
        assert (value[:40], answer.read) == (
            value[:40],
            expected.refusal(function, 401, "not_authenticated", bearer=True),
        )
        assert (answer.events, answer.calls) == (["authz_fail"], [])


@pytest.mark.parametrize("function", SESSION_ROUTES + ANY_ROUTES)
def test_an_empty_key_header_is_not_a_credential(functions: Lambdas, function: str) -> None:
    """401 without a read, even with a valid cookie."""
    functions.people.arrange()
    for value in NO_KEYS:
        answer = functions.invoke(function, request(function, key=value, cookie=SAMPLE_TOKEN))
        assert answer.read == expected.refusal(function, 401, "not_authenticated")
        assert (answer.events, answer.calls) == (["authz_fail"], [])


@pytest.mark.parametrize("function", SESSION_ROUTES + ANY_ROUTES)
def test_a_malformed_key_is_answered_as_mistyped(functions: Lambdas, function: str) -> None:
    """Without a read. Routes that accept no keys respond with that instead."""
    functions.people.arrange()
    status, code = (401, "api_key_mistyped") if function in ANY_ROUTES else (403, "credential_not_accepted")
    for value in NOT_KEYS:
        answer = functions.invoke(function, request(function, key=value, cookie=SAMPLE_TOKEN))
        assert (value[:40], answer.read) == (value[:40], expected.refusal(function, status, code))
        assert (answer.events, answer.calls) == (["authz_fail"], [])


@pytest.mark.parametrize("value", [*NO_KEYS, *NOT_KEYS])
def test_the_authorizer_refuses_a_malformed_key(functions: Lambdas, value: str) -> None:
    """Even with a valid cookie, and without a read."""
    functions.people.arrange()
    answer = functions.invoke("authorizer", request("authorizer", key=value, cookie=SAMPLE_TOKEN))

    assert (answer.result, answer.calls) == ({"isAuthorized": False}, [])


@pytest.mark.parametrize("spelling", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_case_of_the_scheme_does_not_matter(functions: Lambdas, spelling: str) -> None:
    """RFC 9110 11.1."""
    functions.people.arrange()
    event = request("account_show", headers={"authorization": f"{spelling} {SAMPLE_KEY}"})

    assert functions.invoke("account_show", event).status == 200


@pytest.mark.parametrize("function", SESSION_ROUTES + ANY_ROUTES)
def test_a_malformed_cookie_is_not_a_credential(functions: Lambdas, function: str) -> None:
    """401 without a read."""
    functions.people.arrange()
    for cookies in NOT_COOKIES:
        answer = functions.invoke(function, request(function) | {"cookies": cookies})
        assert (cookies, answer.read) == (cookies, expected.refusal(function, 401, "not_authenticated"))
        assert (answer.events, answer.calls) == (["authz_fail"], [])


@pytest.mark.parametrize("function", sorted({*SESSION_ROUTES, *ANY_ROUTES, *UNSAFE_WITH_COOKIE} - WITHOUT_SESSION))
def test_a_repeated_session_cookie_is_refused(functions: Lambdas, function: str) -> None:
    """400, in the event's array and in the header, and nothing changes: it is unclear which one is the owner's."""
    functions.people.arrange()
    message = "The cookie __Host-session came more than once. Clear this site's cookies and try again."
    pair = [f"__Host-session={SAMPLE_TOKEN}", "other=1", f"__Host-session={'a' * 43}"]
    before = functions.cloud.tables()
    for event in (
        request(function) | {"cookies": pair},
        request(function, headers={"cookie": "; ".join(pair)}),
    ):
        answer = functions.invoke(function, event)
        assert answer.read == expected.refusal(function, 400, "malformed_request", message)
        assert (answer.events, functions.cloud.tables()) == (["input_validation_fail"], before)


def test_a_cookie_in_the_header_works_where_there_is_no_array(functions: Lambdas) -> None:
    """As emulators send it, among other cookies and with spaces."""
    person = functions.people.arrange()
    event = request("session_show", headers={"cookie": f"a=1;  __Host-session={person.token} ; b=2"})

    assert functions.invoke("session_show", event).json["customer"]["id"] == person.user_id


@pytest.mark.parametrize("agent", [None, "", "\r\nx: y", "é" * 1000, "\ud800", "x" * 100_000])
def test_any_user_agent_is_accepted_and_shortened(functions: Lambdas, agent: str | None) -> None:
    """To at most 256 characters of printable ASCII."""
    functions.people.arrange()
    answer = functions.invoke("login", request("login", headers={"user-agent": agent}))

    assert answer.status == 200
    [line] = answer.log
    assert len(line["user_agent"]) <= 256
    assert line["user_agent"].isascii()
    assert line["user_agent"].isprintable()


@pytest.mark.parametrize(
    "source", ["", "unknown", "203.0.113.7, 10.0.0.1", "::ffff:203.0.113.7", "fe80::1%eth0", "\ud800"]
)
def test_any_source_address_is_accepted(functions: Lambdas, source: str) -> None:
    """Invalid addresses share one counter."""
    functions.people.arrange()

    assert functions.invoke("login", request("login", source=source)).status == 200
