"""A program logs out (RFC 7009): either token ends both, and the response does not tell whether a token was valid."""

import pytest

from tests.functions import expected
from tests.functions.clients import Program, arrange_session
from tests.functions.cloud import unreachable
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, request, sample


@pytest.fixture
def program(functions: Lambdas) -> Program:
    """A program on the machine of a person who is logged in."""
    functions.people.arrange()
    return Program(functions)


def revoke(program: Program, token: str | None, client_id: str | None = "comfy-cli", **more: str) -> Answer:
    """The program logs out."""
    event = program.token_event({"token": token, "client_id": client_id, **more})
    event["routeKey"], event["rawPath"] = "POST /oauth/revoke", "/oauth/revoke"
    return program.functions.invoke("client_revoke", event)


def is_logged_in(program: Program, access_token: str) -> bool:
    """Whether the access token works."""
    return program.functions.invoke("account_show", request("account_show", bearer=access_token)).status == 200


def test_the_sample_ends_the_session(functions: Lambdas) -> None:
    """200 and an empty object; the session is removed from the table and from the account."""
    person = functions.people.arrange()
    arrange_session(functions, person)
    answer = functions.invoke("client_revoke", sample("client_revoke"))

    assert answer.read == expected.answer("client_revoke", 200, {}, headers=expected.JSON)
    assert answer.events == ["session_revoked"]
    assert [it["digest"]["S"] for it in functions.cloud.tables()["SessionsTable"]] == [person.session_id]


@pytest.mark.parametrize("name", ["refresh_token", "access_token"])
def test_either_token_ends_both_immediately(program: Program, name: str) -> None:
    tokens = program.login()
    answer = revoke(program, tokens[name], token_type_hint="whatever")

    assert (answer.status, answer.json) == (200, {})
    assert not is_logged_in(program, tokens["access_token"])
    assert program.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert revoke(program, tokens[name]).status == 200


def test_a_previous_refresh_token_logs_out_too(program: Program) -> None:
    """A client that lost a response has no other."""
    old = program.login()["refresh_token"]
    new = program.refresh(old).json

    assert revoke(program, old).status == 200
    assert not is_logged_in(program, new["access_token"])


def test_another_kind_of_token_or_another_clients_gets_the_same_response(program: Program) -> None:
    """200, and nothing ends: no browser's session, no key and no other program."""
    tokens = program.login()
    before = program.functions.cloud.tables()
    for token in (SAMPLE_TOKEN, f"{SAMPLE_TOKEN}.{SAMPLE_TOKEN}", SAMPLE_KEY, "x", "a.b.c", f"{'x' * 43}.{'y' * 43}"):
        answer = revoke(program, token)
        assert (answer.status, answer.json) == (200, {})
    for name in ("refresh_token", "access_token"):
        assert revoke(program, tokens[name], client_id="comfy-local-web").status == 200

    assert program.functions.cloud.tables() == before
    assert is_logged_in(program, tokens["access_token"])


@pytest.mark.parametrize(
    ("token", "client_id", "code"),
    [(None, "comfy-cli", "invalid_request"), ("x", None, "invalid_client"), ("x", "unknown", "invalid_client")],
)
def test_an_incomplete_request_is_refused(
    program: Program, token: str | None, client_id: str | None, code: str
) -> None:
    """With the error codes of RFC 7009 2.2.1."""
    answer = revoke(program, token, client_id)

    assert (answer.status, answer.json["error"]) == (400, code)


def test_a_failure_of_the_service_is_a_503(program: Program) -> None:
    """The session is still live, so the client retries (RFC 7009 2.2.1)."""
    tokens = program.login()
    program.functions.cloud.failing["dynamodb"] = unreachable
    answer = revoke(program, tokens["refresh_token"])
    program.functions.cloud.failing.clear()

    assert (answer.status, answer.json["error"]) == (503, "temporarily_unavailable")
    assert is_logged_in(program, tokens["access_token"])
