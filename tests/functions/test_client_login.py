"""A program logs in for a person: what its endpoints answer, log, store and cost (RFC 6749, 7636, 9207)."""

from datetime import timedelta
from typing import Any

import pytest

from accounts import secrets
from tests.functions import expected
from tests.functions.clients import SAMPLE_REDIRECT, Program, arrange_code, client_refused, query_of, stored_sessions
from tests.functions.cloud import SITE_URL, unreachable
from tests.functions.conftest import NOW
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import another_person
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, SAMPLE_USER_ID, request, sample


@pytest.fixture
def program(functions: Lambdas) -> Program:
    """A program on the machine of an owner who is logged in."""
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
        "client": {"id": "comfy-cli", "name": "Comfy CLI", "document": None},
        "redirect": {"host": "127.0.0.1", "port": 49152, "loopback": True},
        "resource": None,
        "scopes": [{"name": "account", "means": ["See your name and email address", "List and delete your API keys"]}],
        "account": {
            "id": SAMPLE_USER_ID,
            "email": "person@example.com",
            "email_shown": "person@example.com",
            "email_verified": True,
        },
        "asked_at": "2026-01-05T12:00:00Z",
    }
    assert answer.events == ["authn_client_asks"]
    assert program.shown().json["account"] is None


def test_a_login_after_the_question_is_a_new_one(program: Program) -> None:
    """RFC 9470: the page returns when it was first answered. Without that, no login is new enough."""
    asked_at = program.shown(max_age="0").json["asked_at"]
    refused = program.answered(max_age="0", asked_at=asked_at)
    program.functions.clock.now += timedelta(seconds=5)
    renewed = program.functions.invoke("reauthenticate", sample("reauthenticate")).cookie

    assert (refused.status, refused.json["error"]) == (403, "step_up_required")
    assert program.answered(cookie=renewed, max_age="0").json["error"] == "step_up_required"
    assert "code" in query_of(program.answered(cookie=renewed, max_age="0", asked_at=asked_at))


@pytest.mark.parametrize(
    "asked_at", ["", "now", "2026-01-05", "2026-01-05T11:59:00", "2026-01-05T12:00:00Z" + " " * 40]
)
def test_a_text_that_is_no_moment_is_not_when_a_program_asked(program: Program, asked_at: str) -> None:
    """Nor is one without a time zone."""
    assert program.answered(max_age="0", asked_at=asked_at).json["error"] == "step_up_required"


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


@pytest.mark.parametrize(
    ("decision", "changes", "code"),
    [
        ("deny", {}, "access_denied"),
        ("allow", {"response_type": "token"}, "unsupported_response_type"),
        ("allow", {"code_challenge": None}, "invalid_request"),
        ("allow", {"scope": 'a"b'}, "invalid_scope"),
        ("allow", {"resource": "https://evil.example/api"}, "invalid_target"),
    ],
)
def test_a_program_learns_of_a_refusal_by_redirect(
    program: Program, decision: str, changes: dict[str, str | None], code: str
) -> None:
    """200 for the page, which follows the redirect (RFC 6749 4.1.2.1)."""
    answer = program.answered(decision, **changes)
    url, query = answer.json["redirect_to"], query_of(answer)

    assert answer.read == expected.answer("client_authorize", 200, {"redirect_to": url})
    assert url.startswith(SAMPLE_REDIRECT + "?")
    assert (query["error"], query["state"], query["iss"]) == (code, "the state", SITE_URL)
    assert program.functions.cloud.tables()["OneTimeTokensTable"] == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"client_id": ""}, "unknown_client"), ({"redirect_uri": "https://evil.example/"}, "redirect_not_allowed")],
)
def test_the_page_learns_of_a_program_that_cannot_be_sent_an_answer(
    program: Program, changes: dict[str, str | None], code: str
) -> None:
    """400, and no redirect."""
    shown = program.shown(cookie=SAMPLE_TOKEN, **changes)
    for answer in (shown, program.answered(**changes), program.answered("deny", **changes)):
        assert answer.read == expected.refusal("client_authorize", 400, code)


def test_a_decision_other_than_allow_or_deny_is_invalid_input(program: Program) -> None:
    assert program.answered("yes").read == expected.refusal(
        "client_authorize", 400, "invalid_input", "The decision must be allow or deny."
    )


def test_only_a_browser_session_on_our_own_page_allows_a_program(program: Program) -> None:
    """No request without a session, with a key, or from another site (SE-13)."""
    body = {"decision": "allow", "account": SAMPLE_USER_ID, **program.question()}
    anonymous = program.functions.invoke("client_authorize", request("client_authorize", body=body))
    key = program.functions.invoke("client_authorize", request("client_authorize", key=SAMPLE_KEY, body=body))
    elsewhere = request("client_authorize", cookie=SAMPLE_TOKEN, body=body, headers={"origin": "https://evil.example"})
    foreign = program.functions.invoke("client_authorize", elsewhere)

    assert anonymous.read == expected.refusal("client_authorize", 401, "not_authenticated")
    assert key.read == expected.refusal("client_authorize", 403, "credential_not_accepted")
    assert foreign.read == expected.refusal("client_authorize", 403, "cross_site_request")
    assert program.functions.cloud.tables()["OneTimeTokensTable"] == []


def test_an_answer_for_another_account_than_the_one_shown_is_a_conflict(program: Program) -> None:
    """Another account has logged in since, in another tab."""
    other = program.functions.people.arrange(another_person("Other"))
    answer = program.answered(cookie=other.token)

    assert answer.read == expected.refusal("client_authorize", 409, "account_changed")
    assert answer.events == ["authn_account_changed"]
    assert program.functions.cloud.tables()["OneTimeTokensTable"] == []


def test_a_query_that_repeats_a_parameter_is_malformed(program: Program) -> None:
    """RFC 6749 3.1."""
    answer = program.asked("client_id=comfy-cli&client_id=comfy-local-web")

    assert answer.read == expected.refusal(
        "client_authorize",
        400,
        "malformed_request",
        "A name came more than once. Send each field and parameter once.",
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"resource": "https://evil.example"}, "invalid_target"),
    ],
)
def test_a_stolen_code_is_not_enough(program: Program, changes: dict[str, str | None], code: str) -> None:
    """Each error by its name; the program that asked for the code still gets its tokens."""
    found = program.code()
    answer = program.exchange(found, **changes)

    assert refused(answer) == (400, code)
    assert program.exchange(found).status == 200


def test_a_code_that_comes_twice_ends_the_session_of_its_first_use(program: Program) -> None:
    """The client sees a bad grant; the log and the account's history say that it was used twice (RFC 6749 4.1.2)."""
    code = program.code()
    tokens = program.exchange(code).json
    again = program.exchange(code)

    assert refused(again) == (400, "invalid_grant")
    assert again.events == ["authn_token_reuse"]
    assert stored_sessions(program.functions) == []
    assert refused(program.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    records = program.functions.cloud.tables()["AuditEventsTable"]
    assert sorted(it["event"]["S"] for it in records) == ["authn_login_success", "authn_token_reuse"]


def test_a_refresh_token_is_exchanged_for_a_new_pair(program: Program) -> None:
    """The session stays the same."""
    tokens = program.login()
    before = stored_sessions(program.functions)
    program.functions.clock.now = NOW + timedelta(minutes=15)
    answer = program.refresh(tokens["refresh_token"])

    body = {
        "access_token": answer.json["access_token"],
        "token_type": "Bearer",
        "expires_in": 900,
        "refresh_token": answer.json["refresh_token"],
        "scope": "account",
    }
    assert answer.read == expected.answer("client_token", 200, body)
    assert (answer.events, answer.log[0]["method"]) == (["authn_token_issued"], "refresh_token")
    assert answer.json["access_token"] != tokens["access_token"]
    assert answer.json["refresh_token"] != tokens["refresh_token"]
    assert stored_sessions(program.functions) == before


def test_a_refresh_token_that_comes_again_ends_the_session(program: Program) -> None:
    """Once the grace is over (SE-20, RFC 9700 4.14.2)."""
    old = program.login()["refresh_token"]
    new = program.refresh(old).json["refresh_token"]
    program.functions.clock.now = NOW + timedelta(seconds=31)
    replay = program.refresh(old)

    assert refused(replay) == (400, "invalid_grant")
    assert replay.events == ["authn_token_reuse"]
    assert stored_sessions(program.functions) == []
    assert refused(program.refresh(new)) == (400, "invalid_grant")


def test_a_refresh_token_gets_no_other_scope(program: Program) -> None:
    """The one error that only this grant has."""
    token = program.login()["refresh_token"]

    assert refused(program.refresh(token, scope="account admin")) == (400, "invalid_scope")
    assert program.refresh(token).status == 200


def test_half_a_refresh_token_is_not_a_cookie(program: Program) -> None:
    """It finds the session, which is not a browser's (ASVS 9.2.2)."""
    found_by = program.login()["refresh_token"].partition(".")[0]
    answer = program.functions.invoke("session_show", request("session_show", cookie=found_by))

    assert answer.read == expected.refusal("session_show", 401, "not_authenticated")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"body": "{}"}, 400),
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
    assert refused(functions.invoke("client_token", request("client_token", **changes))) == (status, "invalid_request")


@pytest.mark.parametrize("service", ["dynamodb", "kms"])
def test_an_outage_is_never_a_bad_grant(program: Program, service: str) -> None:
    """503: clients forget their tokens on ``invalid_grant``. Code and refresh token work after it."""
    code, refresh = program.code(), program.login()["refresh_token"]
    program.functions.cloud.failing[service] = unreachable
    answers = [program.exchange(code), program.refresh(refresh)]
    program.functions.cloud.failing.clear()

    assert [refused(answer) for answer in answers] == [(503, "temporarily_unavailable")] * 2
    assert {answer.result["headers"]["retry-after"] for answer in answers} == {"5"}
    assert program.exchange(code).status == 200
    assert program.refresh(refresh).status == 200


def test_a_program_is_listed_among_the_sessions_and_can_be_ended_there(program: Program) -> None:
    """Under its name; its refresh token does not work after that."""
    tokens = program.login()
    [session_id] = stored_sessions(program.functions)
    listed = program.functions.invoke("session_list", request("session_list", cookie=SAMPLE_TOKEN)).json["sessions"]
    [shown] = [entry["client"] for entry in listed if entry["id"] == session_id]
    program.functions.invoke("session_revoke", request("session_revoke", cookie=SAMPLE_TOKEN, target=session_id))

    assert shown == {"id": "comfy-cli", "name": "Comfy CLI"}
    assert [entry["client"] for entry in listed if entry["id"] != session_id] == [None]
    assert refused(program.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


def test_an_exchange_of_a_refresh_token_costs_six_round_trips(program: Program) -> None:
    """Session, two counters, account, signature and one transaction; within the grace, no transaction."""
    token = program.login()["refresh_token"]
    exchanged, again = program.refresh(token), program.refresh(token)

    get, count, write = "dynamodb.GetItem", "dynamodb.UpdateItem", "dynamodb.TransactWriteItems"
    assert [call.name for call in exchanged.calls] == [get, count, count, get, "kms.Sign", write]
    assert [call.name for call in again.calls] == [get, count, count, get, "kms.Sign"]
