"""Whoever wants more of a program's sign-in than a person meant to give."""

from datetime import timedelta

import pytest

from tests.functions.clients import Program, query_of
from tests.functions.conftest import NOW
from tests.functions.lambdas import Lambdas
from tests.functions.requests import SAMPLE_TOKEN, request, sample


@pytest.fixture
def program(functions: Lambdas) -> Program:
    """A program on the machine of somebody who is logged in."""
    functions.people.as_sampled()
    return Program(functions)


@pytest.mark.parametrize(
    ("function", "stays"),
    [
        ("password_change", True),
        ("email_change_confirm", True),
        ("password_reset", False),
        ("session_revoke_all", False),
        ("account_disable", False),
        ("account_delete", False),
    ],
)
def test_nothing_of_a_program_outlives_what_ends_other_sessions(
    program: Program, function: str, *, stays: bool
) -> None:
    """Not its tokens, and not a code that waits, though the session it was given in may stay (SE-09, SE-10)."""
    tokens, code = program.sign_in(), program.code()
    functions, clock = program.functions, program.functions.clock
    clock.now = NOW + timedelta(seconds=10)
    event = sample(function) if function == "account_disable" else request(function, cookie=SAMPLE_TOKEN)
    ended = functions.invoke(function, event)
    answers = [program.exchange(code), program.refresh(tokens["refresh_token"])]
    clock.now = NOW + timedelta(seconds=11)

    assert function == "account_disable" or ended.status in (200, 204)
    assert [(answer.status, answer.json["error"]) for answer in answers] == [(400, "invalid_grant")] * 2
    assert functions.invoke("account_show", request("account_show", bearer=tokens["access_token"])).status == 401
    assert (program.answered().status == 200) is stays
    assert not stays or program.exchange(program.code()).status == 200


@pytest.mark.parametrize("verifier", ["v" * 42, "v" * 129, *("v" * 43 + bad for bad in "\n +=\u00e9\0")])
def test_a_verifier_is_of_so_many_characters_and_no_others(program: Program, verifier: str) -> None:
    """43 to 128 of those that RFC 7636 4.1 lists, though the challenge may fit."""
    program.verifier = verifier
    answer = program.exchange(program.code())

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("verifier", ["v" * 43, "-._~" * 32])
def test_the_shortest_and_the_longest_verifier_are_good(program: Program, verifier: str) -> None:
    """With every kind of character that there is."""
    program.verifier = verifier

    assert program.exchange(program.code()).status == 200


@pytest.mark.parametrize("name", ["resource", "scope", "state"])
def test_what_is_empty_was_not_asked(program: Program, name: str) -> None:
    """Before the click as after it (RFC 6749 3.1)."""
    shown = program.shown(cookie=SAMPLE_TOKEN, **{name: ""})

    assert shown.json["client"]["id"] == "comfy-cli"
    assert "code" in query_of(program.answered(**{name: ""}))
