"""A program signs out (RFC 7009): one token ends them all, and nobody learns what a token was worth."""

import pytest

from tests.functions import expected
from tests.functions.clients import Program, arrange_session
from tests.functions.cloud import unreachable
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, request, sample


@pytest.fixture
def program(functions: Lambdas) -> Program:
    """A program on the machine of somebody who is logged in."""
    functions.people.arrange()
    return Program(functions)


def revoke(program: Program, token: str | None, client_id: str | None = "comfy-cli", **more: str) -> Answer:
    """The program signs out."""
    event = program.token_event({"token": token, "client_id": client_id, **more})
    event["routeKey"], event["rawPath"] = "POST /oauth/revoke", "/oauth/revoke"
    return program.functions.invoke("client_revoke", event)


def is_in(program: Program, access_token: str) -> bool:
    """Whether the token still opens anything."""
    return program.functions.invoke("account_show", request("account_show", bearer=access_token)).status == 200


def test_the_sample_of_oauth_revoke_ends_the_session(functions: Lambdas) -> None:
    """200 and an empty object; gone from the table and from the account."""
    person = functions.people.arrange()
    arrange_session(functions, person)
    answer = functions.invoke("client_revoke", sample("client_revoke"))

    assert answer.read == expected.answer("client_revoke", 200, {}, headers=expected.JSON)
    assert answer.events == ["session_revoked"]
    assert [it["digest"]["S"] for it in functions.cloud.tables()["SessionsTable"]] == [person.session_id]


@pytest.mark.parametrize("name", ["refresh_token", "access_token"])
def test_either_token_ends_both(program: Program, name: str) -> None:
    """At once."""
    tokens = program.login()
    answer = revoke(program, tokens[name], token_type_hint="whatever")

    assert (answer.status, answer.json) == (200, {})
    assert not is_in(program, tokens["access_token"])
    assert program.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert revoke(program, tokens[name]).status == 200


def test_an_old_refresh_token_signs_out_too(program: Program) -> None:
    """The client that lost an answer has no other."""
    old = program.login()["refresh_token"]
    new = program.refresh(old).json

    assert revoke(program, old).status == 200
    assert not is_in(program, new["access_token"])


def test_what_is_no_token_of_this_client_is_answered_alike(program: Program) -> None:
    """200, and nothing happens: no session of a browser, no key and no other program ends."""
    tokens = program.login()
    before = program.functions.cloud.tables()
    for token in (SAMPLE_TOKEN, f"{SAMPLE_TOKEN}.{SAMPLE_TOKEN}", SAMPLE_KEY, "x", "a.b.c", f"{'x' * 43}.{'y' * 43}"):
        answer = revoke(program, token)
        assert (answer.status, answer.json) == (200, {})
    for name in ("refresh_token", "access_token"):
        assert revoke(program, tokens[name], client_id="comfy-local-web").status == 200

    assert program.functions.cloud.tables() == before
    assert is_in(program, tokens["access_token"])


@pytest.mark.parametrize(
    ("token", "client_id", "code"),
    [(None, "comfy-cli", "invalid_request"), ("x", None, "invalid_client"), ("x", "unknown", "invalid_client")],
)
def test_a_request_that_is_not_whole_is_refused(
    program: Program, token: str | None, client_id: str | None, code: str
) -> None:
    """By its name (RFC 7009 2.2.1)."""
    answer = revoke(program, token, client_id)

    assert (answer.status, answer.json["error"]) == (400, code)


def test_our_fault_is_said_to_be_ours(program: Program) -> None:
    """503: the client tries again (RFC 7009 2.2.1), for the session is still there."""
    tokens = program.login()
    program.functions.cloud.failing["dynamodb"] = unreachable
    answer = revoke(program, tokens["refresh_token"])
    program.functions.cloud.failing.clear()

    assert (answer.status, answer.json["error"]) == (503, "temporarily_unavailable")
    assert is_in(program, tokens["access_token"])
