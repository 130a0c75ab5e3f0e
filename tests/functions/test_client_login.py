"""A program signs in for a person: the codes, the tokens, and every refusal by its name (RFC 6749, 7636, 9207)."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from accounts import secrets
from accounts.flows.clients import client_login
from tests.functions import expected
from tests.functions.clients import SAMPLE_REDIRECT, Program, arrange_code, client_refused, query_of, stored_sessions
from tests.functions.cloud import SITE_URL
from tests.functions.conftest import NOW
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import somebody
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, SAMPLE_USER_ID, request, sample


@pytest.fixture
def program(functions: Lambdas) -> Program:
    """A program on the machine of somebody who is logged in."""
    functions.people.arrange()
    return Program(functions)


def refused(answer: Answer) -> tuple[int, str]:
    """How the token endpoint says no, which any origin may read."""
    assert answer.result["headers"]["access-control-allow-origin"] == "*"
    return client_refused(answer)


def test_the_page_is_told_who_asks_and_where_the_answer_goes(program: Program) -> None:
    """Name, host and port, what it would be able to do, and who is asked (OA-19)."""
    answer = program.shown(cookie=SAMPLE_TOKEN)

    assert answer.json == {
        "client": {"id": "comfy-cli", "name": "Comfy CLI"},
        "redirect": {"host": "127.0.0.1", "port": 49152},
        "scopes": [{"name": "account", "means": ["See your name and email address", "List and delete your API keys"]}],
        "account": {"id": SAMPLE_USER_ID, "email": "person@example.com", "email_verified": True},
    }
    assert answer.events == ["authn_client_asks"]
    assert program.shown().json["account"] is None


def test_the_sample_of_oauth_authorize_sends_the_browser_back_with_a_code(functions: Lambdas) -> None:
    """With the state as it came, and with who we are (RFC 9207)."""
    functions.people.arrange()
    answer = functions.invoke("client_authorize", sample("client_authorize"))
    url, query = answer.json["redirect_to"], query_of(answer)

    assert url.startswith(SAMPLE_REDIRECT + "?")
    assert query == {"code": query["code"], "state": "sample-state", "iss": SITE_URL}
    assert secrets.is_token(query["code"])
    assert answer.read == expected.answer("client_authorize", 200, {"redirect_to": url})
    assert answer.events == ["authn_client_answered"]


def test_the_sample_of_oauth_token_exchanges_the_code(functions: Lambdas) -> None:
    """For a pair of tokens, and the program shows among the person's devices."""
    person = functions.people.arrange()
    arrange_code(functions, person)
    answer = functions.invoke("client_token", sample("client_token"))
    tokens = answer.json
    functions.issued |= {tokens["access_token"], tokens["refresh_token"]}
    functions.seen.clear()

    body = {
        "access_token": tokens["access_token"],
        "token_type": "Bearer",
        "expires_in": 900,
        "refresh_token": tokens["refresh_token"],
        "scope": "account",
    }
    assert answer.read == expected.answer("client_token", 200, body)
    assert answer.events == ["authn_token_issued"]
    assert answer.log[0]["user_id"] == person.user_id


def test_a_person_says_no(program: Program) -> None:
    """The program is told so, and gets no code."""
    query = query_of(program.answered("deny"))

    assert query == {
        "error": "access_denied",
        "error_description": "The person did not allow this sign-in.",
        "state": "the state",
        "iss": SITE_URL,
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": None}, "unknown_client"),
        ({"client_id": "comfy"}, "unknown_client"),
        ({"redirect_uri": None}, "redirect_not_allowed"),
        ({"redirect_uri": "http://127.0.0.1:49152/"}, "redirect_not_allowed"),
        ({"redirect_uri": "https://evil.example/callback"}, "redirect_not_allowed"),
        ({"redirect_uri": "http://127.0.0.1:49152/callback?x=1"}, "redirect_not_allowed"),
    ],
)
def test_nobody_is_sent_to_where_the_program_does_not_live(
    program: Program, changes: dict[str, str | None], code: str
) -> None:
    """400 for the page, never a redirect (RFC 6749 4.1.2.1)."""
    shown = program.shown(cookie=SAMPLE_TOKEN, **changes)
    filled = {name: value or "" for name, value in changes.items()}
    for answer in (shown, program.answered(**filled), program.answered("deny", **filled)):
        assert answer.read == expected.refusal("client_authorize", 400, code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "a" * 42}, "invalid_request"),
        ({"code_challenge": "a" * 44}, "invalid_request"),
        ({"code_challenge": "a" * 42 + "."}, "invalid_request"),
        ({"code_challenge": "a" * 43 + "\n"}, "invalid_request"),
        ({"scope": "a  b"}, "invalid_scope"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"resource": "https://evil.example/api"}, "invalid_target"),
        ({"resource": SITE_URL + ".evil.example/"}, "invalid_target"),
        ({"resource": SITE_URL + "/api#x"}, "invalid_target"),
        ({"resource": "/api"}, "invalid_target"),
    ],
)
def test_the_program_is_told_what_is_wrong_with_its_question(
    program: Program, changes: dict[str, str | None], code: str
) -> None:
    """By its own address, with its state; before and after the click."""
    for answer in (program.shown(cookie=SAMPLE_TOKEN, **changes), program.answered(**changes)):
        query = query_of(answer)
        assert (query["error"], query["state"], query["iss"]) == (code, "the state", SITE_URL)
        assert "code" not in query


@pytest.mark.parametrize("state", ["x" * 1025, "a\nb", "ä", "a\x7f"])
def test_a_state_that_cannot_be_sent_back_is_not(program: Program, state: str) -> None:
    """And nothing of it ends up in an address."""
    query = query_of(program.answered(state=state))

    assert (query["error"], query.get("state")) == ("invalid_request", None)


@pytest.mark.parametrize("resource", [SITE_URL, f"{SITE_URL}/", f"{SITE_URL}/api", f"{SITE_URL}/mcp"])
def test_our_own_resources_may_be_named(program: Program, resource: str) -> None:
    """As existing clients do, in both requests (RFC 8707)."""
    code = program.code(resource=resource, scope="comfy-cloud:jobs:read comfy-cloud:files:write", state=None)
    answer = program.exchange(code, resource=resource)

    assert (answer.status, answer.json["scope"]) == (200, "account")


@pytest.mark.parametrize("decision", ["", "yes", "Allow", "allow "])
def test_a_click_is_one_of_two(program: Program, decision: str) -> None:
    """Whatever else is sent lets nobody in."""
    assert program.answered(decision).read == expected.refusal(
        "client_authorize", 400, "invalid_input", "The decision is allow or deny."
    )


def test_a_click_is_made_by_a_person_on_our_own_page(program: Program) -> None:
    """Not without a session, not by a key, not from another site (SE-13)."""
    body = {"decision": "allow", "account": SAMPLE_USER_ID, **program.question()}
    nobody = program.functions.invoke("client_authorize", request("client_authorize", body=body))
    key = program.functions.invoke("client_authorize", request("client_authorize", key=SAMPLE_KEY, body=body))
    elsewhere = request("client_authorize", cookie=SAMPLE_TOKEN, body=body, headers={"origin": "https://evil.example"})
    foreign = program.functions.invoke("client_authorize", elsewhere)

    assert nobody.read == expected.refusal("client_authorize", 401, "not_authenticated")
    assert key.read == expected.refusal("client_authorize", 403, "credential_not_accepted")
    assert foreign.read == expected.refusal("client_authorize", 403, "cross_site_request")
    assert program.functions.cloud.tables()["OneTimeTokensTable"] == []


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_a_click_counts_for_the_account_that_was_shown(program: Program, decision: str) -> None:
    """Somebody else has logged in since, in another tab: neither of the two lets a program in by that click."""
    other = program.functions.people.arrange(somebody("Other"))
    answer = program.answered(decision, cookie=other.token)

    assert answer.read == expected.refusal("client_authorize", 409, "account_changed")
    assert answer.events == ["authn_account_changed"]
    assert program.functions.cloud.tables()["OneTimeTokensTable"] == []


@pytest.mark.parametrize(
    "query",
    [
        "client_id=comfy-cli&client_id=comfy-local-web",
        "client_id=comfy-cli&redirect_uri=http://127.0.0.1:1/callback&redirect_uri=https://evil.example/",
        "client_id=comfy-cli&%63lient_id=comfy-local-web",
        "client_id=comfy-cli&state=a&state=b",
        "client_id=comfy-cli;client_id=comfy-local-web&x",
    ],
)
def test_what_could_be_read_in_two_ways_is_not_asked(program: Program, query: str) -> None:
    """A name that comes twice might be one thing to the page and another to us (RFC 6749 3.1)."""
    answer = program.asked(query)

    assert (answer.status, answer.json["error"]) == (400, "malformed_request")


@pytest.mark.parametrize(
    "redirect",
    [
        "javascript:alert(1)//127.0.0.1/callback",
        "data:text/html,x",
        "http://127.0.0.1:1@evil.example/callback",
        "http://127.0.0.1:1/callback#x",
        "http://127.0.0.1:1\\@evil.example/callback",
        "//127.0.0.1/callback",
        "comfy://callback",
        "http://127.0.0.1.evil.example/callback",
        "HTTP://127.0.0.1/callback",
    ],
)
def test_no_trick_makes_an_address_a_programs_own(program: Program, redirect: str) -> None:
    """Each is refused to the page; no browser is given anything to follow."""
    answers = [program.shown(cookie=SAMPLE_TOKEN, redirect_uri=redirect), program.answered(redirect_uri=redirect)]

    assert [answer.read for answer in answers] == [
        expected.refusal("client_authorize", 400, "redirect_not_allowed")
    ] * 2


def test_a_disabled_account_lets_no_program_in(program: Program) -> None:
    """Neither with a new code nor with one that it has."""
    code = program.code()
    event = {"user_id": somebody("x").user_id} | {"user_id": sample("operator_account_disable")["user_id"]}
    program.functions.invoke("operator_account_disable", event)

    assert program.answered().status == 401
    assert refused(program.exchange(code)) == (400, "invalid_grant")
    assert stored_sessions(program.functions) == []


def test_a_code_dies_with_the_session_in_which_it_was_given(program: Program) -> None:
    """Who logs out everywhere must not find a program let in afterwards."""
    code = program.code()
    program.functions.invoke("session_revoke_all", request("session_revoke_all", cookie=SAMPLE_TOKEN))

    assert refused(program.exchange(code)) == (400, "invalid_grant")
    assert stored_sessions(program.functions) == []


def test_a_code_works_for_a_minute(program: Program) -> None:
    """And not a second longer (OA-13)."""
    codes = [program.code() for _ in range(2)]
    program.functions.clock.now = NOW + timedelta(seconds=59)
    in_time = program.exchange(codes[0])
    program.functions.clock.now = NOW + timedelta(seconds=60)

    assert in_time.status == 200
    assert refused(program.exchange(codes[1])) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:49153/callback"}, "invalid_grant"),
        ({"client_id": "comfy-local-web"}, "invalid_grant"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"code": None}, "invalid_request"),
        ({"code": "x"}, "invalid_grant"),
        ({"code": "x" * 43}, "invalid_grant"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"resource": "https://evil.example"}, "invalid_target"),
    ],
)
def test_whoever_stole_a_code_cannot_use_it(program: Program, changes: dict[str, str | None], code: str) -> None:
    """Each thing wrong by its name; and the program that asked for the code still gets its tokens."""
    found = program.code()
    answer = program.exchange(found, **changes)

    assert refused(answer) == (400, code)
    assert program.exchange(found).status == 200


def test_a_code_that_comes_twice_ends_what_it_made(program: Program) -> None:
    """Who came first may have been the thief (RFC 6749 4.1.2)."""
    code = program.code()
    tokens = program.exchange(code).json
    again = program.exchange(code)

    assert refused(again) == (400, "invalid_grant")
    assert again.events == ["authn_token_reuse"]
    assert stored_sessions(program.functions) == []
    assert refused(program.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    records = program.functions.cloud.tables()["AuditEventsTable"]
    assert [it["event"]["S"] for it in records if it["event"]["S"] == "authn_token_reuse"] == ["authn_token_reuse"]
    assert refused(program.exchange(code)) == (400, "invalid_grant")


def test_of_two_at_once_one_gets_tokens_and_they_are_worth_nothing(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read the code before either uses it up: the loser ends the session of the winner."""
    event = program.token_event(
        {
            "grant_type": "authorization_code",
            "code": program.code(),
            "redirect_uri": program.redirect_uri,
            "code_verifier": program.verifier,
        }
    )
    find, winners = client_login.ClientLogin.find, []

    def overtaken(*arguments: Any) -> Any:
        token = find(*arguments)
        if not winners:
            winners.append(None)
            winners.append(program.functions.in_thread("client_token", event))
        return token

    monkeypatch.setattr(client_login.ClientLogin, "find", overtaken)
    lost = program.functions.in_thread("client_token", event)
    won = winners[1]

    assert (won["statusCode"], lost["statusCode"]) == (200, 400)
    assert json.loads(lost["body"])["error"] == "invalid_grant"
    assert stored_sessions(program.functions) == []
    assert refused(program.refresh(json.loads(won["body"])["refresh_token"])) == (400, "invalid_grant")


def test_a_refresh_token_is_exchanged_for_another(program: Program) -> None:
    """As often as the session lives; the session stays the same."""
    tokens = program.login()
    [before] = stored_sessions(program.functions)
    for minutes in (15, 30, 45):
        program.functions.clock.now = NOW + timedelta(minutes=minutes)
        answer = program.refresh(tokens["refresh_token"])
        assert answer.status == 200
        assert answer.json["refresh_token"] != tokens["refresh_token"]
        tokens = answer.json

    assert stored_sessions(program.functions) == [before]


def test_a_refresh_token_that_comes_again_ends_the_session(program: Program) -> None:
    """Once the grace is over: then it was copied (SE-20, RFC 9700 4.14.2)."""
    old = program.login()["refresh_token"]
    new = program.refresh(old).json["refresh_token"]
    program.functions.clock.now = NOW + timedelta(seconds=31)
    replay = program.refresh(old)

    assert refused(replay) == (400, "invalid_grant")
    assert replay.events == ["authn_token_reuse"]
    assert stored_sessions(program.functions) == []
    assert refused(program.refresh(new)) == (400, "invalid_grant")


def test_a_client_that_lost_the_answer_is_given_it_again(program: Program) -> None:
    """As often as it asks within half a minute: our own slowness logs nobody out, nor does a second window."""
    old = program.login()["refresh_token"]
    lost = program.refresh(old).json["refresh_token"]
    for seconds in (0, 1, 30):
        program.functions.clock.now = NOW + timedelta(seconds=seconds)
        assert program.refresh(old).json["refresh_token"] == lost

    new = program.refresh(lost).json["refresh_token"]
    assert program.refresh(new).status == 200


def test_the_grace_is_for_the_token_before_the_last(program: Program) -> None:
    """An older one was copied, however little time has passed."""
    old = program.login()["refresh_token"]
    new = program.refresh(old).json["refresh_token"]
    program.refresh(new)

    assert refused(program.refresh(old)) == (400, "invalid_grant")
    assert stored_sessions(program.functions) == []


def test_a_thief_in_the_grace_is_found_out_by_the_next_exchange(program: Program) -> None:
    """Both have the same token then; whoever comes second with it, later than a moment, ends it for both."""
    old = program.login()["refresh_token"]
    owner, thief = (program.refresh(old).json["refresh_token"] for _ in range(2))
    program.functions.clock.now = NOW + timedelta(minutes=15)
    assert program.refresh(thief).status == 200
    program.functions.clock.now = NOW + timedelta(minutes=16)

    assert refused(program.refresh(owner)) == (400, "invalid_grant")
    assert stored_sessions(program.functions) == []


def test_a_client_signs_in_again_after_seven_idle_days_or_thirty_in_all(program: Program) -> None:
    """To the second."""
    token = program.login()["refresh_token"]
    for days in (6.9, 13.8, 20.7, 27.6):
        program.functions.clock.now = NOW + timedelta(days=days)
        token = program.refresh(token).json["refresh_token"]
    program.functions.clock.now = NOW + timedelta(days=30)

    assert refused(program.refresh(token)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "comfy-local-web"}, "invalid_grant"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_client"),
        ({"refresh_token": None}, "invalid_request"),
        ({"refresh_token": "x"}, "invalid_grant"),
        ({"refresh_token": f"{'x' * 43}.{'y' * 43}"}, "invalid_grant"),
        ({"refresh_token": SAMPLE_TOKEN}, "invalid_grant"),
        ({"refresh_token": f"{SAMPLE_TOKEN}.{SAMPLE_TOKEN}"}, "invalid_grant"),
        ({"refresh_token": SAMPLE_KEY}, "invalid_grant"),
        ({"scope": "account admin"}, "invalid_scope"),
        ({"resource": "https://evil.example"}, "invalid_target"),
    ],
)
def test_nothing_else_is_a_refresh_token(program: Program, changes: dict[str, str | None], code: str) -> None:
    """Each by its name, and the session lives on: a browser's session in particular."""
    tokens = program.login()

    assert refused(program.refresh(tokens["refresh_token"], **changes)) == (400, code)
    assert program.refresh(tokens["refresh_token"]).status == 200
    assert program.functions.invoke("session_show", request("session_show", cookie=SAMPLE_TOKEN)).status == 200


def test_knowing_the_id_of_a_session_ends_nothing(program: Program) -> None:
    """Other services read it in access tokens."""
    tokens = program.login()
    [session_id] = stored_sessions(program.functions)

    assert refused(program.refresh(f"{session_id}.{'y' * 43}")) == (400, "invalid_grant")
    assert program.refresh(tokens["refresh_token"]).status == 200


def test_half_a_refresh_token_is_no_cookie(program: Program) -> None:
    """It finds the session, and is refused all the same (ASVS 9.2.2)."""
    found_by = program.login()["refresh_token"].partition(".")[0]
    answer = program.functions.invoke("session_show", request("session_show", cookie=found_by))

    assert answer.read == expected.refusal("session_show", 401, "not_authenticated")


def test_guessing_is_limited_by_source(program: Program) -> None:
    """After sixty that do not exist in a minute, a good one from elsewhere still works."""
    tokens = program.login()
    statuses = [program.refresh(f"{secrets.new_token()}.{secrets.new_token()}").status for _ in range(61)]

    assert statuses == [400] * 60 + [429]
    assert program.refresh(tokens["refresh_token"]).status == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"body": "{}"}, 400),
        ({"body": "grant_type=refresh_token&grant_type=refresh_token"}, 400),
        ({"body": "grant_type"}, 400),
        ({"body": "a=%ff"}, 400),
        ({"body": ""}, 400),
        ({"headers": {"content-type": "application/json"}}, 415),
        ({"headers": {"content-type": None}}, 415),
        ({"body": "a=" + "x" * 17_000}, 413),
    ],
)
def test_what_is_no_form_is_an_invalid_request(functions: Lambdas, changes: dict[str, Any], status: int) -> None:
    """In the form that clients read."""
    assert refused(functions.invoke("client_token", request("client_token", **changes))) == (status, "invalid_request")


@pytest.mark.parametrize("service", ["dynamodb", "kms"])
def test_our_fault_is_never_the_clients(program: Program, service: str) -> None:
    """503: clients forget their tokens on ``invalid_grant``. Once we are back, code and refresh token still work."""
    from tests.functions.cloud import unreachable  # noqa: PLC0415

    code, refresh = program.code(), program.login()["refresh_token"]
    program.functions.cloud.failing[service] = unreachable
    answers = [program.exchange(code), program.refresh(refresh)]
    program.functions.cloud.failing.clear()

    assert [refused(answer) for answer in answers] == [(503, "temporarily_unavailable")] * 2
    assert {answer.result["headers"]["retry-after"] for answer in answers} == {"5"}
    assert program.exchange(code).status == 200
    assert program.refresh(refresh).status == 200


def test_a_program_shows_among_the_devices_and_is_ended_there(program: Program) -> None:
    """With its name; its refresh token is worth nothing from then on."""
    tokens = program.login()
    [session_id] = stored_sessions(program.functions)
    listed = program.functions.invoke("session_list", request("session_list", cookie=SAMPLE_TOKEN)).json["sessions"]
    [shown] = [entry["client"] for entry in listed if entry["id"] == session_id]
    program.functions.invoke("session_revoke", request("session_revoke", cookie=SAMPLE_TOKEN, target=session_id))

    assert shown == {"id": "comfy-cli", "name": "Comfy CLI"}
    assert [entry["client"] for entry in listed if entry["id"] != session_id] == [None]
    assert refused(program.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


def test_a_used_code_is_remembered_for_ten_minutes(program: Program) -> None:
    """From then on it is like one that never was: an old one from a browser's history ends nothing."""
    code = program.code()
    program.exchange(code)
    program.functions.clock.now = NOW + timedelta(minutes=10)
    late = program.exchange(code)

    assert (refused(late), late.events) == ((400, "invalid_grant"), ["authn_token_invalid"])
    assert len(stored_sessions(program.functions)) == 1
    program.functions.clock.now = NOW + timedelta(minutes=10, microseconds=-1)
    assert program.exchange(code).events == ["authn_token_reuse"]


@pytest.mark.parametrize("code", ["x" * 42, "x" * 44, "x" * 43 + "\n"])
def test_what_cannot_be_a_code_is_not_looked_for(program: Program, code: str) -> None:
    """Nonsense costs no read and no write (DS-03)."""
    answer = program.exchange(code)

    assert (refused(answer), answer.calls) == ((400, "invalid_grant"), [])


def test_the_history_says_which_program_came_in(program: Program) -> None:
    """It would else look like a log-in of the person's own (LG-01)."""
    program.login()
    records = program.functions.cloud.tables()["AuditEventsTable"]
    [line] = [it for it in records if it["event"]["S"] == "authn_login_success"]
    [session] = stored_sessions(program.functions)

    detail = {"method": {"S": "password"}, "session": {"S": session}, "client": {"S": "comfy-cli"}}
    assert line["detail"]["M"] == detail


def test_a_program_is_let_in_by_the_way_its_person_came(program: Program) -> None:
    """Who logged in with Google did not give a password."""
    stored = {it["digest"]["S"]: it for it in program.functions.cloud.tables()["SessionsTable"]}
    asking = stored[secrets.digest(SAMPLE_TOKEN)] | {"method": {"S": "google"}}
    boto3.client("dynamodb", region_name="us-east-1").put_item(TableName="SessionsTable", Item=asking)
    program.login()

    clients = [it for it in program.functions.cloud.tables()["SessionsTable"] if "client_id" in it]
    assert [it["method"]["S"] for it in clients] == ["google"]


def test_an_exchange_of_a_refresh_token_costs_five_round_trips(program: Program) -> None:
    """Session, its share of the minute, account, signature, and one transaction; in the grace nothing is written."""
    token = program.login()["refresh_token"]
    exchanged, again = program.refresh(token), program.refresh(token)

    get, write = "dynamodb.GetItem", "dynamodb.TransactWriteItems"
    assert [call.name for call in exchanged.calls] == [get, write, get, "kms.Sign", write]
    assert [call.name for call in again.calls] == [get, write, get, "kms.Sign"]
