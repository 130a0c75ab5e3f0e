"""A device without a browser logs in: what its endpoints answer, log, store and cost (RFC 8628)."""

from typing import Any

import pytest

from accounts import secrets
from tests.functions import expected
from tests.functions.clients import Program, client_refused, stored_sessions
from tests.functions.cloud import SITE_URL, unreachable
from tests.functions.lambdas import Lambdas
from tests.functions.machines import GRANT, Machine, is_user_code
from tests.functions.people import another_person
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, SAMPLE_USER_ID, at, request, sample

INVALID = expected.refusal("device_consent", 400, "invalid_user_code")


@pytest.fixture
def machine(functions: Lambdas) -> Machine:
    """A machine whose owner is logged in elsewhere."""
    functions.people.arrange()
    return Machine(functions)


def test_the_sample_of_oauth_device_hands_out_two_codes(functions: Lambdas) -> None:
    """One for the device and one for its person, who finds it in the fragment of the address that is complete."""
    answer = functions.invoke("device_authorize", sample("device_authorize"))
    device_code, user_code = answer.json["device_code"], answer.json["user_code"]
    functions.issued |= {device_code, user_code, user_code.replace("-", "")}
    functions.seen.clear()

    assert secrets.is_token(device_code)
    assert is_user_code(user_code)
    body = {
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": f"{SITE_URL}/device",
        "verification_uri_complete": f"{SITE_URL}/device#user_code={user_code}",
        "expires_in": 600,
        "interval": 5,
    }
    assert answer.read == expected.answer("device_authorize", 200, body)
    assert answer.events == ["authn_device_asks"]


def test_the_sample_of_oauth_device_answer_lets_the_device_in(functions: Lambdas) -> None:
    """Nothing is told to the page that it does not know; the typed code is used up."""
    person = functions.people.arrange()
    functions.people.enter_code(person)
    answer = functions.invoke("device_consent", sample("device_consent"))

    assert answer.read == expected.answer("device_consent", 204)
    assert (answer.events, answer.log[0]["user_id"]) == (["authn_client_answered"], person.user_id)
    [left] = functions.cloud.tables()["OneTimeTokensTable"]
    assert (left["token"]["S"].partition("#")[0], left["subject"]["S"]) == ("device-code", person.user_id)


def test_a_device_is_signed_in(machine: Machine) -> None:
    """From the code on its screen to its tokens; it shows among the person's devices as the program it runs."""
    device_code, user_code = machine.codes()
    waiting = machine.polls(device_code)
    machine.typed(user_code)
    machine.answered(user_code)
    machine.wait(5)
    answer = machine.polls(device_code)
    tokens = answer.json

    assert client_refused(waiting) == (400, "authorization_pending")
    assert waiting.events == ["authn_device_pending"]
    body = {
        "access_token": tokens["access_token"],
        "token_type": "Bearer",
        "expires_in": 900,
        "refresh_token": tokens["refresh_token"],
        "scope": "account",
    }
    assert answer.read == expected.answer("client_token", 200, body)
    assert answer.events == ["authn_token_issued"]
    listed = machine.functions.invoke("session_list", request("session_list", cookie=SAMPLE_TOKEN)).json["sessions"]
    assert [it["client"] for it in listed if it["client"]] == [{"id": "comfy-cli", "name": "Comfy CLI"}]
    assert Program(machine.functions).refresh(tokens["refresh_token"]).status == 200


def test_a_person_sees_who_asks_from_where_and_when(machine: Machine) -> None:
    """As long as nothing is answered, as often as the page is loaded (RFC 8628 3.3, 5.4)."""
    _, user_code = machine.codes()
    machine.wait(61)
    answers = [machine.typed(user_code) for _ in range(2)]

    means = ["See your name and email address", "List and delete your API keys"]
    body = {
        "client": {"id": "comfy-cli", "name": "Comfy CLI", "document": None},
        "device": {"source": "203.0.113.7", "device": "Firefox on Linux", "asked_at": "2026-01-05T12:00:00.000Z"},
        "resource": None,
        "scopes": [{"name": "account", "means": means}],
        "account": {
            "id": SAMPLE_USER_ID,
            "email": "person@example.com",
            "email_shown": "person@example.com",
            "email_verified": True,
        },
    }
    assert [answer.read for answer in answers] == [expected.answer("device_consent", 200, body)] * 2
    assert answers[0].events == ["authn_client_asks"]


def test_no_page_can_read_the_codes_that_its_visitors_browser_asks_for(machine: Machine) -> None:
    """The owner would see their own address and take the device for theirs (RFC 8628 5.4)."""
    elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    path = "/oauth/device_authorization"
    answers = [
        machine.asks(headers={**elsewhere}),
        machine.functions.invoke("fallback", at(path, "OPTIONS", elsewhere)),
    ]

    assert [answer.status for answer in answers] == [200, 405]
    headers = {name for answer in answers for name in answer.result["headers"]}
    assert [name for name in headers if name.startswith("access-control")] == []


def test_a_device_that_gets_no_tokens_is_told_why(machine: Machine) -> None:
    """Not answered yet, asked too soon, denied, expired: each by its name and with its event (RFC 8628 3.5)."""
    denied, waiting = machine.codes(), machine.codes()
    machine.typed(denied[1])
    machine.answered(denied[1], "deny")
    told = [machine.polls(waiting[0]), machine.polls(waiting[0]), machine.polls(denied[0])]
    machine.wait(600)
    told.append(machine.polls(waiting[0]))

    assert [(client_refused(answer), answer.events) for answer in told] == [
        ((400, "authorization_pending"), ["authn_device_pending"]),
        ((400, "slow_down"), ["excess_device_polls"]),
        ((400, "access_denied"), ["authn_client_denied"]),
        ((400, "expired_token"), ["authn_token_invalid"]),
    ]
    assert stored_sessions(machine.functions) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": None}, "invalid_client"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"resource": "https://evil.example"}, "invalid_target"),
    ],
)
def test_a_device_is_told_what_is_wrong_with_its_request(
    machine: Machine, changes: dict[str, str | None], code: str
) -> None:
    """By its name, and nothing is written."""
    assert client_refused(machine.asks(**changes)) == (400, code)
    assert machine.functions.cloud.tables()["OneTimeTokensTable"] == []


def test_a_decision_other_than_allow_or_deny_is_invalid_input(machine: Machine) -> None:
    _, user_code = machine.codes()
    machine.typed(user_code)

    assert machine.answered(user_code, "yes").read == expected.refusal(
        "device_consent", 400, "invalid_input", "The decision must be allow or deny."
    )


@pytest.mark.parametrize("end", ["", "/request"])
def test_only_a_browser_session_on_our_own_page_enters_and_answers_a_code(machine: Machine, end: str) -> None:
    """No request without a session, with a key or an access token, or from another site (SE-13)."""
    device_code, user_code = machine.codes()
    body = {"user_code": user_code} | ({} if end else {"decision": "allow"})
    token = Program(machine.functions).login()["access_token"]
    before = machine.functions.cloud.tables()
    elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    anonymous, key, program, foreign, silent = (
        machine.functions.invoke("device_consent", machine.event(body, end, **how))
        for how in (
            {},
            {"key": SAMPLE_KEY},
            {"bearer": token},
            {"cookie": SAMPLE_TOKEN, "headers": elsewhere},
            {"cookie": SAMPLE_TOKEN, "headers": {"origin": None, "sec-fetch-site": None}},
        )
    )

    assert anonymous.read == expected.refusal("device_consent", 401, "not_authenticated")
    assert key.read == program.read == expected.refusal("device_consent", 403, "credential_not_accepted")
    assert foreign.read == silent.read == expected.refusal("device_consent", 403, "cross_site_request")
    assert machine.functions.cloud.tables() == before
    assert client_refused(machine.polls(device_code)) == (400, "authorization_pending")


def test_an_invalid_code_is_refused_alike_whatever_is_wrong_with_it(machine: Machine) -> None:
    """Unknown, answered, expired, or another account's: one answer after the same calls, also to a click."""
    stranger = machine.functions.people.arrange(another_person("Stranger"))
    (_, used), (_, others), (_, expired) = machine.codes(), machine.codes(), machine.codes()
    machine.typed(used)
    machine.answered(used)
    machine.typed(others, cookie=stranger.token)
    answers = [machine.typed(text) for text in (used, others, "BBBB-BBBB")]
    machine.wait(600)
    machine.typed(expired)  # which also writes down that the session is in use
    answers.append(machine.typed(expired))

    assert [answer.read for answer in (*answers, machine.answered(others))] == [INVALID] * 5
    assert len({tuple(call.name for call in answer.calls) for answer in answers}) == 1


@pytest.mark.parametrize("service", ["dynamodb", "kms"])
def test_an_outage_is_never_a_bad_grant(machine: Machine, service: str) -> None:
    """503: the answer still counts after it."""
    device_code = machine.allowed()
    machine.functions.cloud.failing[service] = unreachable
    answer = machine.polls(device_code)
    machine.functions.cloud.failing.clear()

    assert client_refused(answer) == (503, "temporarily_unavailable")
    assert answer.result["headers"]["retry-after"] == "5"
    assert machine.polls(device_code).status == 200


@pytest.mark.parametrize("operation", ["dynamodb.GetItem", "dynamodb.UpdateItem", "dynamodb.TransactWriteItems"])
def test_no_answer_is_half_written(machine: Machine, operation: str) -> None:
    """503 for the page, and a click after that still counts; the device waits on."""
    device_code, user_code = machine.codes()
    machine.typed(user_code)
    before = machine.functions.cloud.but_counters()
    machine.functions.cloud.failing[operation] = unreachable
    answer, asked = machine.answered(user_code), machine.asks()
    machine.functions.cloud.failing.clear()

    assert answer.read == expected.refusal("device_consent", 503, "temporarily_unavailable")
    assert asked.status == (200 if operation == "dynamodb.GetItem" else 503)
    if asked.status == 503:
        assert machine.functions.cloud.but_counters() == before
    assert machine.answered(user_code).status == 204
    assert machine.polls(device_code).status == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"body": "client_id=comfy-cli&client_id=comfy-cli"}, 400),
        ({"headers": {"content-type": "application/json"}, "body": "{}"}, 400),
        ({"headers": {"content-type": "application/x-www-form-urlencoded; charset=latin-1"}}, 400),
        ({"headers": {"content-type": "application/x-www-form-urlencoded; charset=x-unknown"}}, 400),
        ({"body": "a=" + "x" * 17_000}, 413),
    ],
)
def test_a_body_that_is_not_a_form_is_an_invalid_request(
    functions: Lambdas, changes: dict[str, Any], status: int
) -> None:
    """In the form that clients read (RFC 6749 5.2)."""
    assert client_refused(functions.invoke("device_authorize", request("device_authorize", **changes))) == (
        status,
        "invalid_request",
    )


def test_a_device_costs_two_round_trips_a_poll(machine: Machine) -> None:
    """One for its code, one for its pace; the last writes the session and tells, after the account was read."""
    device_code, user_code = machine.codes()
    pending = machine.polls(device_code)
    machine.typed(user_code)
    machine.answered(user_code)
    done = machine.polls(device_code)

    get, count, write = "dynamodb.GetItem", "dynamodb.UpdateItem", "dynamodb.TransactWriteItems"
    assert [call.name for call in pending.calls] == [get, count]
    assert [call.name for call in done.calls] == [get, get, count, "kms.Sign", write, "sqs.SendMessage"]


def test_grant_names_are_those_of_the_metadata(functions: Lambdas) -> None:
    """What is offered there is served here, at the address it names."""
    body = functions.invoke("client_metadata", sample("client_metadata")).json

    assert GRANT in body["grant_types_supported"]
    assert body["device_authorization_endpoint"] == f"{SITE_URL}/oauth/device_authorization"
