"""Limits that a program or a neighbour can and cannot use up, and that no input causes a 5xx."""

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
from tests.functions.people import another_person
from tests.functions.requests import SAMPLE_TOKEN, request
from tests.functions.test_fuzz import RELAXED, TEXT

# Values that are almost valid.
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
    """A program on the machine of a person who is logged in."""
    functions.people.arrange()
    return Program(functions)


def test_neighbours_do_not_use_up_the_limit_of_a_logged_in_person(program: Program) -> None:
    """An account has a window of its own, whatever others at the same source address do (promise 5)."""
    logged_out = [program.shown().status for _ in range(CONSENT_QUESTIONS_PER_MINUTE + 1)]

    assert logged_out == [200] * CONSENT_QUESTIONS_PER_MINUTE + [429]
    assert program.shown(cookie=SAMPLE_TOKEN).status == 200


def test_refreshes_of_a_session_are_limited(program: Program) -> None:
    """Also those that repeat a token within its grace period. The session stays logged in (DS-02)."""
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


def test_consent_questions_of_an_account_are_limited(program: Program) -> None:
    """Without delaying another account."""
    other = another_person("Other")
    program.functions.people.arrange(other)
    asked = [program.shown(cookie=SAMPLE_TOKEN).status for _ in range(CONSENT_QUESTIONS_PER_MINUTE + 1)]

    assert asked == [200] * CONSENT_QUESTIONS_PER_MINUTE + [429]
    assert program.shown(cookie=other.token).status == 200


def test_consent_answers_of_an_account_are_limited(program: Program) -> None:
    statuses = [program.answered().status for _ in range(CONSENTS_PER_ACCOUNT_PER_MINUTE + 1)]

    assert statuses == [200] * CONSENTS_PER_ACCOUNT_PER_MINUTE + [429]


@pytest.mark.parametrize("function", ["client_token", "client_revoke", "device_authorize"])
@RELAXED
@given(form=FORM, raw=st.none() | st.binary(max_size=80))
def test_no_form_causes_a_5xx(functions: Lambdas, function: str, form: dict[str, str], raw: bytes | None) -> None:
    """With any parameters and any bytes, in RFC 6749's format."""
    functions.restore(functions.people.arrange)
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
def test_no_authorization_request_causes_a_5xx(functions: Lambdas, changes: dict[str, Any]) -> None:
    """A query of any text; a redirect leads only to the program."""
    functions.restore(functions.people.arrange)
    program = Program(functions)
    asked = {name: value.encode(errors="replace").decode() for name, value in changes.items()}
    answer = program.shown(cookie=SAMPLE_TOKEN, **asked)

    assert 200 <= answer.status < 500
    assert answer.json.get("redirect_to", program.redirect_uri).startswith(program.redirect_uri)
