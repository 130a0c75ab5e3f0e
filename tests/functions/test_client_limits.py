"""What a program or a neighbour can use up, and what not; and that nothing they send is ever our fault."""

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.limits import (
    CONSENT_QUESTIONS_PER_MINUTE,
    CONSENTS_PER_ACCOUNT_PER_MINUTE,
    REFRESHES_PER_SESSION_PER_MINUTE,
)
from tests.functions.clients import Program
from tests.functions.lambdas import Lambdas
from tests.functions.machines import GRANT
from tests.functions.people import somebody
from tests.functions.requests import SAMPLE_TOKEN, request
from tests.functions.test_fuzz import RELAXED, TEXT

# Of each parameter: anything, and what is almost right.
ALMOST = st.sampled_from(
    ["authorization_code", "refresh_token", GRANT, "comfy-cli", "a.b.c", f"{'a' * 43}.{'b' * 43}", "c" * 43]
)
FORM = st.dictionaries(
    st.sampled_from(
        [
            "grant_type",
            "client_id",
            "code",
            "redirect_uri",
            "code_verifier",
            "device_code",
            "refresh_token",
            "token",
            "scope",
            "resource",
        ]
    ),
    TEXT | ALMOST,
)


@pytest.fixture
def program(functions: Lambdas) -> Program:
    """A program on the machine of somebody who is logged in."""
    functions.people.arrange()
    return Program(functions)


def test_neighbours_cannot_keep_a_person_from_the_question(program: Program) -> None:
    """Who is logged in has a window of their own, wherever others of the same address ask from (promise 5)."""
    nobody = [program.shown().status for _ in range(CONSENT_QUESTIONS_PER_MINUTE + 1)]

    assert nobody == [200] * CONSENT_QUESTIONS_PER_MINUTE + [429]
    assert program.shown(cookie=SAMPLE_TOKEN).status == 200


def test_no_session_has_more_signed_than_its_share(program: Program) -> None:
    """Not even by a token of the grace, which may come as often as it likes; nobody is signed out by it (DS-02)."""
    first, other = (Program(program.functions).login()["refresh_token"] for _ in range(2))
    current = program.refresh(first).json["refresh_token"]
    answers = [program.refresh(first) for _ in range(REFRESHES_PER_SESSION_PER_MINUTE)]
    refusal = answers[-1]

    assert [it.status for it in answers] == [200] * (REFRESHES_PER_SESSION_PER_MINUTE - 1) + [429]
    assert (refusal.json["error"], refusal.result["headers"]["retry-after"]) == ("too_many_attempts", "60")
    assert [it for it in refusal.calls if it.operation == "Sign"] == []
    assert program.refresh(current).status == 429
    assert program.refresh(other).status == 200
    program.functions.clock.now += timedelta(minutes=1)
    assert program.refresh(current).status == 200


def test_a_person_is_asked_so_often_in_a_minute(program: Program) -> None:
    """By a page that asks again and again; another person is not kept waiting by it."""
    other = somebody("Other")
    program.functions.people.arrange(other)
    asked = [program.shown(cookie=SAMPLE_TOKEN).status for _ in range(CONSENT_QUESTIONS_PER_MINUTE + 1)]

    assert asked == [200] * CONSENT_QUESTIONS_PER_MINUTE + [429]
    assert program.shown(cookie=other.token).status == 200


def test_a_person_answers_so_often_in_a_minute(program: Program) -> None:
    """More clicks are no person's."""
    statuses = [program.answered().status for _ in range(CONSENTS_PER_ACCOUNT_PER_MINUTE + 1)]

    assert statuses == [200] * CONSENTS_PER_ACCOUNT_PER_MINUTE + [429]


@pytest.mark.parametrize("function", ["client_token", "client_revoke", "device_authorize"])
@RELAXED
@given(form=FORM, raw=st.none() | st.binary(max_size=80))
def test_no_form_is_ever_our_fault(functions: Lambdas, function: str, form: dict[str, str], raw: bytes | None) -> None:
    """Any parameters and any bytes: below 500, and in RFC 6749's form."""
    functions.afresh(functions.people.arrange)
    body = urlencode(form, errors="surrogatepass").encode() if raw is None else raw
    event = request(function) | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    answer = functions.invoke(function, event)

    assert 200 <= answer.status < 500
    assert answer.status == 200 or sorted(answer.json) == ["error", "error_description"]
    json.dumps(answer.result).encode()


@RELAXED
@given(
    changes=st.dictionaries(st.sampled_from(["client_id", "redirect_uri", "scope", "state", "resource"]), TEXT | ALMOST)
)
def test_no_question_is_ever_our_fault(functions: Lambdas, changes: dict[str, Any]) -> None:
    """A query of any text; whatever sends the browser anywhere sends it to where the program lives."""
    functions.afresh(functions.people.arrange)
    program = Program(functions)
    asked = {name: value.encode(errors="replace").decode() for name, value in changes.items()}
    answer = program.shown(cookie=SAMPLE_TOKEN, **asked)

    assert 200 <= answer.status < 500
    assert answer.json.get("redirect_to", program.redirect_uri).startswith(program.redirect_uri)
