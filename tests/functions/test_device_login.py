"""A device without a browser is signed in: the codes, the click, the tokens, every refusal by its name (RFC 8628)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from accounts import secrets
from accounts.flows.clients import client_login
from accounts.model import device_codes
from tests.functions import expected
from tests.functions.clients import Program, client_refused, stored_sessions
from tests.functions.cloud import SITE_URL, unreachable
from tests.functions.conftest import NOW
from tests.functions.lambdas import Lambdas
from tests.functions.machines import GRANT, Machine, is_user_code
from tests.functions.people import Person, somebody
from tests.functions.requests import SAMPLE_KEY, SAMPLE_OTHER_TOKEN, SAMPLE_TOKEN, SAMPLE_USER_ID, at, request, sample

INVALID = expected.refusal("device_consent", 400, "invalid_user_code")


@pytest.fixture
def machine(functions: Lambdas) -> Machine:
    """A machine of somebody who is logged in elsewhere."""
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
        "client": {"id": "comfy-cli", "name": "Comfy CLI"},
        "device": {"source": "203.0.113.7", "device": "Firefox on Linux", "asked_at": "2026-01-05T12:00:00.000Z"},
        "scopes": [{"name": "account", "means": means}],
        "account": {"id": SAMPLE_USER_ID, "email": "person@example.com", "email_verified": True},
    }
    assert [answer.read for answer in answers] == [expected.answer("device_consent", 200, body)] * 2
    assert answers[0].events == ["authn_client_asks"]


@pytest.mark.parametrize("spell", [str.lower, lambda it: it.replace("-", ""), lambda it: f" {it[:2]} {it[2:]}- "])
def test_a_code_is_typed_as_people_type(machine: Machine, spell: Any) -> None:
    """In any case, with spaces and without dashes (RFC 8628 6.1)."""
    device_code, user_code = machine.codes()

    assert machine.typed(spell(user_code)).status == 200
    assert machine.answered(spell(user_code)).status == 204
    assert machine.polls(device_code).status == 200


def test_no_page_gets_codes_by_the_browser_of_whoever_visits_it(machine: Machine) -> None:
    """They would seem to be asked from their own address, and think that it is their own device (RFC 8628 5.4)."""
    elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    path = "/oauth/device_authorization"
    answers = [
        machine.asks(headers={**elsewhere}),
        machine.functions.invoke("fallback", at(path, "OPTIONS", elsewhere)),
    ]

    assert [answer.status for answer in answers] == [200, 405]
    headers = {name for answer in answers for name in answer.result["headers"]}
    assert [name for name in headers if name.startswith("access-control")] == []


def test_a_person_says_no(machine: Machine) -> None:
    """The device is told so however often it asks, and what was typed is good for nothing more."""
    device_code, user_code = machine.codes()
    machine.typed(user_code)
    machine.answered(user_code, "deny")

    assert [client_refused(machine.polls(device_code)) for _ in range(2)] == [(400, "access_denied")] * 2
    assert machine.answered(user_code).read == INVALID
    assert stored_sessions(machine.functions) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": None}, "invalid_client"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"resource": "https://evil.example"}, "invalid_target"),
    ],
)
def test_a_device_is_told_what_is_wrong_with_its_question(
    machine: Machine, changes: dict[str, str | None], code: str
) -> None:
    """By its name, and nothing is written."""
    assert client_refused(machine.asks(**changes)) == (400, code)
    assert machine.functions.cloud.tables()["OneTimeTokensTable"] == []


@pytest.mark.parametrize("changes", [{"scope": None}, {"scope": "jobs:read"}, {"resource": f"{SITE_URL}/api"}])
def test_what_existing_clients_ask_besides_is_passed_over(machine: Machine, changes: dict[str, str | None]) -> None:
    """As at the other endpoints (RFC 6749 3.3, RFC 8707)."""
    assert machine.asks(**changes).status == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "comfy-local-web"}, "invalid_grant"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"device_code": None}, "invalid_request"),
        ({"device_code": "x"}, "invalid_grant"),
        ({"device_code": "x" * 43}, "invalid_grant"),
        ({"device_code": SAMPLE_TOKEN}, "invalid_grant"),
        ({"device_code": SAMPLE_KEY}, "invalid_grant"),
        ({"grant_type": "device_code"}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
        ({"resource": "https://evil.example"}, "invalid_target"),
    ],
)
def test_whoever_has_not_the_whole_of_it_gets_nothing(
    machine: Machine, changes: dict[str, str | None], code: str
) -> None:
    """Each thing wrong by its name; and the device still gets its tokens."""
    device_code = machine.allowed()

    assert client_refused(machine.polls(device_code, **changes)) == (400, code)
    assert machine.polls(device_code).status == 200


def test_the_kinds_of_codes_do_not_cross(machine: Machine) -> None:
    """Each is looked for among its own kind alone, and none is used up by a try (ASVS 9.2.2)."""
    program = Program(machine.functions)
    device_code, user_code = machine.codes()
    code = program.code()

    assert client_refused(machine.polls(user_code)) == (400, "invalid_grant")
    assert client_refused(machine.polls(user_code.replace("-", ""))) == (400, "invalid_grant")
    assert client_refused(machine.polls(code)) == (400, "invalid_grant")
    assert client_refused(machine.polls(secrets.digest(device_code))) == (400, "invalid_grant")
    assert client_refused(program.exchange(device_code)) == (400, "invalid_grant")
    assert client_refused(program.refresh(device_code)) == (400, "invalid_grant")
    assert client_refused(program.refresh(f"{device_code}.{device_code}")) == (400, "invalid_grant")
    assert machine.typed(device_code).read == INVALID
    assert machine.typed(code).read == INVALID
    for stranger in (device_code, code):
        shown = machine.functions.invoke("session_show", request("session_show", cookie=stranger))
        assert shown.read == expected.refusal("session_show", 401, "not_authenticated")
    assert program.exchange(code).status == 200
    assert client_refused(machine.polls(device_code)) == (400, "authorization_pending")


def test_a_device_that_asks_too_often_is_told_to_slow_down(machine: Machine) -> None:
    """A second early is not too often; asking in between makes nobody wait longer (RFC 8628 3.5)."""
    device_code, _ = machine.codes()
    told = []
    for seconds in (0, 0, 3.9, 0.1, 2, 2, 5):
        machine.wait(seconds)
        told.append(machine.polls(device_code))

    assert [client_refused(answer)[1] for answer in told] == [
        "authorization_pending",
        "slow_down",
        "slow_down",
        "authorization_pending",
        "slow_down",
        "authorization_pending",
        "authorization_pending",
    ]
    assert told[1].events == ["excess_device_polls"]


def test_who_has_been_let_in_need_not_wait(machine: Machine) -> None:
    """The answer is there: there is nothing to slow down for."""
    device_code, user_code = machine.codes()
    machine.polls(device_code)
    machine.typed(user_code)
    machine.answered(user_code)

    assert machine.polls(device_code).status == 200


def test_a_device_pauses_for_itself_alone(machine: Machine) -> None:
    """Another one behind the same address is not told to slow down."""
    first, second = machine.codes()[0], machine.codes()[0]

    assert [client_refused(machine.polls(code))[1] for code in (first, second)] == ["authorization_pending"] * 2


def test_codes_work_for_ten_minutes(machine: Machine) -> None:
    """To the second, for whoever types as for the device; what expires says so (RFC 8628 3.5)."""
    waiting, late = machine.codes(), machine.codes()
    allowed = [machine.allowed() for _ in range(2)]
    machine.functions.clock.now = NOW + timedelta(seconds=599)
    in_time = machine.polls(allowed[0])
    pending = machine.polls(waiting[0])
    typed = machine.typed(waiting[1])
    machine.functions.clock.now = NOW + timedelta(seconds=600)

    assert (in_time.status, typed.status) == (200, 200)
    assert client_refused(pending) == (400, "authorization_pending")
    assert [client_refused(machine.polls(code)) for code in (waiting[0], allowed[1])] == [(400, "expired_token")] * 2
    assert machine.typed(late[1]).read == INVALID
    assert machine.answered(waiting[1]).read == INVALID
    assert len(stored_sessions(machine.functions)) == 1


def test_an_answer_makes_no_code_last_longer(machine: Machine) -> None:
    """Its ten minutes are counted from when it was made."""
    device_code, user_code = machine.codes()
    machine.wait(300)
    assert (machine.typed(user_code).status, machine.answered(user_code).status) == (200, 204)
    machine.wait(300)

    assert client_refused(machine.polls(device_code)) == (400, "expired_token")


def test_a_device_code_that_comes_twice_ends_what_it_made(machine: Machine) -> None:
    """Who came first may have been a thief."""
    device_code = machine.allowed()
    tokens = machine.polls(device_code).json
    again = machine.polls(device_code)

    assert client_refused(again) == (400, "invalid_grant")
    assert again.events == ["authn_token_reuse"]
    assert stored_sessions(machine.functions) == []
    assert client_refused(Program(machine.functions).refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    assert client_refused(machine.polls(device_code)) == (400, "invalid_grant")


def test_of_two_polls_at_once_one_gets_tokens_and_they_are_worth_nothing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read the yes before either uses it up: the loser ends the session of the winner."""
    event = machine.poll(machine.allowed())
    redeem, winners = client_login.ClientLogin.redeem, []

    def overtaken(*arguments: Any) -> Any:
        if not winners:
            winners.append(None)
            winners.append(machine.functions.in_thread("client_token", event))
        return redeem(*arguments)

    monkeypatch.setattr(client_login.ClientLogin, "redeem", overtaken)
    lost = machine.functions.in_thread("client_token", event)
    won: Any = winners[1]

    assert (won["statusCode"], lost["statusCode"]) == (200, 400)
    assert json.loads(lost["body"])["error"] == "invalid_grant"
    assert stored_sessions(machine.functions) == []


def test_whoever_types_a_code_first_is_the_only_one_who_is_asked(machine: Machine) -> None:
    """A stranger who reads it off the screen later is told nothing, and cannot answer (OA-20)."""
    device_code, user_code = machine.codes()
    stranger = machine.functions.people.arrange(somebody("Stranger"))
    machine.typed(user_code)

    assert machine.typed(user_code, cookie=stranger.token).read == INVALID
    assert machine.answered(user_code, cookie=stranger.token).read == INVALID
    assert machine.answered(user_code, "deny", cookie=stranger.token).read == INVALID
    assert client_refused(machine.polls(device_code)) == (400, "authorization_pending")
    assert machine.answered(user_code).status == 204
    person = machine.functions.invoke("account_show", _bearer(machine.polls(device_code).json)).json
    assert person["email"] == "person@example.com"


def test_nobody_answers_who_was_not_asked(machine: Machine) -> None:
    """A click on a code that was never looked up is no answer: nothing was shown (RFC 8628 5.4)."""
    device_code, user_code = machine.codes()

    assert machine.answered(user_code).read == INVALID
    assert client_refused(machine.polls(device_code)) == (400, "authorization_pending")


def test_a_code_is_answered_once(machine: Machine) -> None:
    """A second click, also the other way round, changes nothing."""
    device_code, user_code = machine.codes()
    machine.typed(user_code)
    machine.answered(user_code)

    assert machine.answered(user_code, "deny").read == INVALID
    assert machine.typed(user_code).read == INVALID
    assert machine.polls(device_code).status == 200


@pytest.mark.parametrize("decision", ["", "yes", "Allow", "allow "])
def test_a_click_is_one_of_two(machine: Machine, decision: str) -> None:
    """Whatever else is sent lets nobody in."""
    device_code, user_code = machine.codes()
    machine.typed(user_code)
    message = "The decision is allow or deny."

    assert machine.answered(user_code, decision).read == expected.refusal(
        "device_consent", 400, "invalid_input", message
    )
    assert client_refused(machine.polls(device_code)) == (400, "authorization_pending")


@pytest.mark.parametrize("end", ["", "/request"])
def test_neither_typing_nor_clicking_is_done_from_elsewhere(machine: Machine, end: str) -> None:
    """Not without a session, not by a key or a program, not from another site (SE-13): nothing is bound or answered."""
    device_code, user_code = machine.codes()
    body = {"user_code": user_code} | ({} if end else {"decision": "allow"})
    token = Program(machine.functions).login()["access_token"]
    before = machine.functions.cloud.tables()
    elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    nobody, key, program, foreign, silent = (
        machine.functions.invoke("device_consent", machine.event(body, end, **how))
        for how in (
            {},
            {"key": SAMPLE_KEY},
            {"bearer": token},
            {"cookie": SAMPLE_TOKEN, "headers": elsewhere},
            {"cookie": SAMPLE_TOKEN, "headers": {"origin": None, "sec-fetch-site": None}},
        )
    )

    assert nobody.read == expected.refusal("device_consent", 401, "not_authenticated")
    assert key.read == program.read == expected.refusal("device_consent", 403, "credential_not_accepted")
    assert foreign.read == silent.read == expected.refusal("device_consent", 403, "cross_site_request")
    assert machine.functions.cloud.tables() == before
    assert client_refused(machine.polls(device_code)) == (400, "authorization_pending")


@pytest.mark.parametrize(
    ("function", "event"),
    [
        ("session_revoke_all", request("session_revoke_all", cookie=SAMPLE_TOKEN)),
        ("logout", request("logout", cookie=SAMPLE_TOKEN)),
        ("operator_account_disable", sample("operator_account_disable")),
        ("password_change", request("password_change", cookie=SAMPLE_TOKEN)),
    ],
)
def test_a_yes_dies_with_the_session_in_which_it_was_given(
    machine: Machine, function: str, event: dict[str, Any]
) -> None:
    """Who logs out, or changes the password, must not find a device let in a minute later."""
    device_code = machine.allowed()
    machine.functions.invoke(function, event)

    assert client_refused(machine.polls(device_code)) == (400, "invalid_grant")
    assert stored_sessions(machine.functions) == []


def test_a_yes_that_comes_after_a_new_password_counts(machine: Machine) -> None:
    """The device had asked before: what counts is when the person answered."""
    device_code, user_code = machine.codes()
    machine.wait(1)
    changed = machine.functions.invoke("password_change", request("password_change", cookie=SAMPLE_TOKEN))
    machine.wait(1)
    machine.typed(user_code)
    machine.answered(user_code)

    assert (changed.status, machine.polls(device_code).status) == (204, 200)


def test_an_account_that_is_closed_lets_no_device_in(machine: Machine) -> None:
    """Its sessions have ended with it."""
    _, user_code = machine.codes()
    machine.typed(user_code)
    machine.functions.invoke("operator_account_disable", sample("operator_account_disable"))

    assert machine.typed(user_code).read == expected.refusal("device_consent", 401, "not_authenticated")
    assert machine.answered(user_code).read == expected.refusal("device_consent", 401, "not_authenticated")


def test_what_the_letters_of_a_code_are_tells_nobody_whether_it_is_one(machine: Machine) -> None:
    """Unknown, used, expired, somebody else's, no code at all: one answer, and the same steps for what may be one."""
    stranger = machine.functions.people.arrange(somebody("Stranger"))
    (_, used), (_, others), (_, expired) = machine.codes(), machine.codes(), machine.codes()
    machine.typed(used)
    machine.answered(used)
    machine.typed(others, cookie=stranger.token)
    answers = [machine.typed(text) for text in (used, others, "BBBB-BBBB")]
    machine.wait(600)
    machine.typed(expired)  # which also writes down that the session is in use
    answers.append(machine.typed(expired))

    assert [answer.read for answer in answers] == [INVALID] * 4
    assert len({tuple(call.name for call in answer.calls) for answer in answers}) == 1
    for text in ("", "BBBB-BBB", "BBBB-BBBBB", "AEIO-UYBB", "1234-5678", "\u0391BBB-BBBB", "B" * 10_000):
        assert machine.typed(text).read == INVALID


def test_guesses_are_limited_by_account(machine: Machine) -> None:
    """Counted before the look: after forty in an hour the right one is not looked up, from anywhere (RFC 8628 5.1)."""
    machine.functions.people.login(Person(), SAMPLE_OTHER_TOKEN, remembered=True)
    _, user_code = machine.codes()
    told = [machine.typed("BBBB-BBBB", source=f"198.51.100.{n}").status for n in range(40)]
    full = machine.typed(user_code, source="198.51.100.99")

    assert told == [400] * 40
    assert (full.status, full.json["error"]) == (429, "too_many_attempts")
    assert "dynamodb.GetItem" not in [call.name for call in full.calls][1:]
    assert machine.answered(user_code).status == 429
    machine.wait(3600)
    assert machine.typed(machine.codes()[1], cookie=SAMPLE_OTHER_TOKEN).status == 200


def test_guesses_are_limited_by_source(machine: Machine) -> None:
    """However many accounts share it; a person elsewhere is not in the way."""
    people = [machine.functions.people.arrange(somebody(f"Guesser{n}")) for n in range(3)]
    told = [machine.typed("BBBB-BBBB", cookie=people[n % 3].token).status for n in range(21)]

    assert told == [400] * 20 + [429]
    assert machine.typed(machine.codes()[1], source="198.51.100.1").status == 200


def test_no_source_fills_the_table_with_codes(machine: Machine) -> None:
    """Twenty in a minute; another source is not in the way."""
    told = [machine.asks() for _ in range(21)]

    assert [answer.status for answer in told] == [200] * 20 + [429]
    assert client_refused(told[-1]) == (429, "too_many_attempts")
    assert machine.asks(source="198.51.100.1").status == 200


def test_device_codes_that_do_not_exist_are_counted(machine: Machine) -> None:
    """As other grants are: after sixty in a minute that source is told to stop."""
    told = [machine.polls(secrets.new_token()).status for _ in range(61)]

    assert told == [400] * 60 + [429]


def test_a_code_that_is_taken_is_not_handed_out_again(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two devices with one code would be let in by one click."""
    taken = machine.codes()[1].replace("-", "")
    drawn = [taken, taken, "BCDFGHJK"]
    monkeypatch.setattr(device_codes, "new_user_code", lambda: drawn.pop(0))

    assert machine.codes()[1] == "BCDF-GHJK"


@pytest.mark.parametrize("service", ["dynamodb", "kms"])
def test_our_fault_is_never_the_devices(machine: Machine, service: str) -> None:
    """503: once we are back, the yes still counts."""
    device_code = machine.allowed()
    machine.functions.cloud.failing[service] = unreachable
    answer = machine.polls(device_code)
    machine.functions.cloud.failing.clear()

    assert client_refused(answer) == (503, "temporarily_unavailable")
    assert answer.result["headers"]["retry-after"] == "5"
    assert machine.polls(device_code).status == 200


@pytest.mark.parametrize("operation", ["dynamodb.GetItem", "dynamodb.TransactWriteItems"])
def test_nothing_is_half_answered(machine: Machine, operation: str) -> None:
    """503 for the page, and a click after that still counts; the device waits on."""
    device_code, user_code = machine.codes()
    machine.typed(user_code)
    before = machine.functions.cloud.tables()
    machine.functions.cloud.failing[operation] = unreachable
    answer, asked = machine.answered(user_code), machine.asks()
    machine.functions.cloud.failing.clear()

    assert answer.read == expected.refusal("device_consent", 503, "temporarily_unavailable")
    assert asked.status == (503 if operation == "dynamodb.TransactWriteItems" else 200)
    if asked.status == 503:
        assert machine.functions.cloud.tables() == before
    assert machine.answered(user_code).status == 204
    assert machine.polls(device_code).status == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"body": "{}"}, 400),
        ({"body": "client_id=comfy-cli&client_id=comfy-cli"}, 400),
        ({"headers": {"content-type": "application/json"}}, 415),
        ({"body": "a=" + "x" * 17_000}, 413),
    ],
)
def test_what_is_no_form_is_an_invalid_request(functions: Lambdas, changes: dict[str, Any], status: int) -> None:
    """In the form that clients read."""
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

    get, write = "dynamodb.GetItem", "dynamodb.TransactWriteItems"
    assert [call.name for call in pending.calls] == [get, write]
    assert [call.name for call in done.calls] == [get, get, "kms.Sign", write, "sqs.SendMessage"]


def _bearer(tokens: dict[str, str]) -> dict[str, Any]:
    return request("account_show", bearer=tokens["access_token"])


def test_grant_names_are_those_of_the_metadata(functions: Lambdas) -> None:
    """What is offered there is served here, at the address it names."""
    body = functions.invoke("client_metadata", sample("client_metadata")).json

    assert GRANT in body["grant_types_supported"]
    assert body["device_authorization_endpoint"] == f"{SITE_URL}/oauth/device_authorization"
