"""Headers that make no sense: 401 or 400 and never a fault of ours (next-auth GHSA-xmf8-cvqr-rfgj)."""

import pytest

from tests.functions import expected
from tests.functions.inventory import ANY_ROUTES, SESSION_ROUTES, UNSAFE_WITH_COOKIE
from tests.functions.lambdas import Lambdas
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, request

# They look at no cookie: nobody is signed in, or signed out, by them.
WITHOUT_SESSION = {"signup", "email_resend", "password_forgot", "password_reset"}
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
def test_a_malformed_authorization_header_is_no_credential(functions: Lambdas, function: str) -> None:
    """401 on every route, even beside a good cookie: what is sent must be good."""
    functions.people.arrange()
    for value in NOT_CREDENTIALS:
        answer = functions.invoke(function, request(function, cookie=SAMPLE_TOKEN, headers={"authorization": value}))
        assert (value[:40], answer.read) == (value[:40], expected.refusal(function, 401, "not_authenticated"))
        assert (answer.events, answer.calls) == (["authz_fail"], [])


@pytest.mark.parametrize("function", SESSION_ROUTES + ANY_ROUTES)
def test_a_bearer_token_that_is_malformed_is_said_to_be_invalid(functions: Lambdas, function: str) -> None:
    """The same 401, with the word that RFC 6750 3.1 has for it in the challenge."""
    functions.people.arrange()
    for value in BAD_TOKENS:
        answer = functions.invoke(function, request(function, cookie=SAMPLE_TOKEN, headers={"authorization": value}))
        assert (value[:40], answer.read) == (
            value[:40],
            expected.refusal(function, 401, "not_authenticated", bearer=True),
        )
        assert (answer.events, answer.calls) == (["authz_fail"], [])


@pytest.mark.parametrize("function", SESSION_ROUTES + ANY_ROUTES)
def test_an_empty_key_header_is_no_credential(functions: Lambdas, function: str) -> None:
    """401 without a look into any table, even beside a good cookie."""
    functions.people.arrange()
    for value in NO_KEYS:
        answer = functions.invoke(function, request(function, key=value, cookie=SAMPLE_TOKEN))
        assert answer.read == expected.refusal(function, 401, "not_authenticated")
        assert (answer.events, answer.calls) == (["authz_fail"], [])


@pytest.mark.parametrize("function", SESSION_ROUTES + ANY_ROUTES)
def test_what_cannot_be_a_key_is_a_mistyped_one(functions: Lambdas, function: str) -> None:
    """Without a look into any table; where no key would do, that is what it is told."""
    functions.people.arrange()
    status, code = (401, "api_key_mistyped") if function in ANY_ROUTES else (403, "credential_not_accepted")
    for value in NOT_KEYS:
        answer = functions.invoke(function, request(function, key=value, cookie=SAMPLE_TOKEN))
        assert (value[:40], answer.read) == (value[:40], expected.refusal(function, status, code))
        assert (answer.events, answer.calls) == (["authz_fail"], [])


@pytest.mark.parametrize("value", [*NO_KEYS, *NOT_KEYS])
def test_the_authorizer_lets_nobody_in_by_what_cannot_be_a_key(functions: Lambdas, value: str) -> None:
    """Not even beside a good cookie, and without a look into any table."""
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
def test_a_malformed_cookie_is_no_credential(functions: Lambdas, function: str) -> None:
    """401 without a look into any table, from the array and from the header alike."""
    functions.people.arrange()
    for cookies in NOT_COOKIES:
        answer = functions.invoke(function, request(function) | {"cookies": cookies})
        assert (cookies, answer.read) == (cookies, expected.refusal(function, 401, "not_authenticated"))
        assert (answer.events, answer.calls) == (["authz_fail"], [])


@pytest.mark.parametrize("function", sorted({*SESSION_ROUTES, *ANY_ROUTES, *UNSAFE_WITH_COOKIE} - WITHOUT_SESSION))
def test_a_session_cookie_that_comes_twice_is_refused(functions: Lambdas, function: str) -> None:
    """Whose would it be? 400, in the array and in the header, and nothing changes."""
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


def test_a_cookie_in_the_header_counts_where_there_is_no_array(functions: Lambdas) -> None:
    """As emulators hand it over, among others and with spaces."""
    person = functions.people.arrange()
    event = request("session_show", headers={"cookie": f"a=1;  __Host-session={person.token} ; b=2"})

    assert functions.invoke("session_show", event).json["customer"]["id"] == person.user_id


@pytest.mark.parametrize("agent", [None, "", "\r\nx: y", "é" * 1000, "\ud800", "x" * 100_000])
def test_any_user_agent_is_welcome_and_cut_to_what_is_kept(functions: Lambdas, agent: str | None) -> None:
    """Printable ASCII, 256 characters at most, in the log and in the tables."""
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
def test_any_source_address_is_survived(functions: Lambdas, source: str) -> None:
    """What is no address shares one counter."""
    functions.people.arrange()

    assert functions.invoke("login", request("login", source=source)).status == 200
