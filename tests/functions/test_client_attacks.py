"""Whoever wants more of a program's sign-in than a person meant to give."""

from datetime import timedelta

import pytest

from tests.functions.clients import Program
from tests.functions.conftest import NOW
from tests.functions.lambdas import Lambdas
from tests.functions.requests import SAMPLE_TOKEN, request


@pytest.fixture
def program(functions: Lambdas) -> Program:
    """A program on the machine of somebody who is logged in."""
    functions.people.as_sampled()
    return Program(functions)


@pytest.mark.parametrize("function", ["password_change", "email_change_confirm"])
def test_a_code_does_not_outlive_what_ends_all_other_sessions(program: Program, function: str) -> None:
    """The session it was given in stays, and is worth no program that the person tries to be rid of (SE-09)."""
    code = program.code()
    program.functions.clock.now = NOW + timedelta(seconds=10)
    assert program.functions.invoke(function, request(function, cookie=SAMPLE_TOKEN)).status in (200, 204)
    answer = program.exchange(code)
    program.functions.clock.now = NOW + timedelta(seconds=11)

    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
    assert program.exchange(program.code()).status == 200
