"""Attacks on clients' logins."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

import pytest

from tests.functions import expected
from tests.functions.clients import Program, arrange_code, query_of
from tests.functions.conftest import NOW
from tests.functions.lambdas import Lambdas
from tests.functions.machines import Machine
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, request, sample


@pytest.fixture
def program(functions: Lambdas) -> Program:
    """A program on the machine of a person who is logged in."""
    functions.people.as_sampled()
    return Program(functions)


@pytest.mark.parametrize(
    ("function", "stays"),
    [
        ("password_change", True),
        ("email_change_confirm", True),
        ("password_reset", False),
        ("session_revoke_all", False),
        ("operator_account_disable", False),
        ("account_delete", False),
    ],
)
def test_what_ends_other_sessions_ends_tokens_and_codes(program: Program, function: str, *, stays: bool) -> None:
    """A program's tokens and its unused codes, though the session that allowed it may stay (SE-09, SE-10)."""
    tokens, code = program.login(), program.code()
    functions, clock = program.functions, program.functions.clock
    clock.now = NOW + timedelta(seconds=10)
    event = sample(function) if function == "operator_account_disable" else request(function, cookie=SAMPLE_TOKEN)
    ended = functions.invoke(function, event)
    clock.now = NOW + timedelta(seconds=11)
    answers = [program.exchange(code), program.refresh(tokens["refresh_token"])]

    assert function == "operator_account_disable" or ended.status in (200, 204)
    assert [(answer.status, answer.json["error"]) for answer in answers] == [(400, "invalid_grant")] * 2
    assert functions.invoke("account_show", request("account_show", bearer=tokens["access_token"])).status == 401
    assert (program.answered().status == 200) is stays
    assert not stays or program.exchange(program.code()).status == 200


def test_a_stale_session_lets_no_program_in(program: Program) -> None:
    """Neither by its redirect nor by a device's code, also a client that is logged in already (SE-21).

    The same questions are answered after a reauthentication.
    """
    functions, machine = program.functions, Machine(program.functions)
    program.login()
    functions.clock.now = NOW + timedelta(minutes=15, seconds=1)
    device_code, user_code = machine.codes()
    assert (program.shown(SAMPLE_TOKEN).status, machine.typed(user_code).status) == (200, 200)
    refused = program.answered(), machine.answered(user_code)
    denied = query_of(program.answered("deny"))

    functions_of = ("client_authorize", "device_consent")
    assert [it.read for it in refused] == [expected.refusal(it, 403, "reauth_required") for it in functions_of]
    assert [it.events for it in refused] == [["authz_fail_reauth"]] * 2
    assert denied["error"] == "access_denied"
    assert machine.polls(device_code).json["error"] == "authorization_pending"
    renewed = functions.invoke("reauthenticate", request("reauthenticate", cookie=SAMPLE_TOKEN)).cookie
    assert program.answered(cookie=renewed).status == 200
    assert machine.answered(user_code, cookie=renewed).status == 204


@pytest.mark.parametrize("verifier", ["v" * 42, "v" * 129, *("v" * 43 + bad for bad in "\n +=\u00e9\0")])
def test_a_malformed_verifier_is_refused(program: Program, verifier: str) -> None:
    """43 to 128 characters of those in RFC 7636 4.1, even if the challenge matches."""
    program.verifier = verifier
    answer = program.exchange(program.code())

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("verifier", ["v" * 43, "-._~" * 32])
def test_the_shortest_and_the_longest_verifier_are_accepted(program: Program, verifier: str) -> None:
    """With every kind of allowed character."""
    program.verifier = verifier

    assert program.exchange(program.code()).status == 200


@pytest.mark.parametrize("function", ["client_token", "client_revoke", "device_authorize"])
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("Basic Y29tZnktY2xpOmd1ZXNz", id="with a secret"),
        pytest.param("Basic b3RoZXI6", id="of another client than the form's"),
        pytest.param("Basic Og==", id="without an id"),
        pytest.param("Basic Y29tZnktY2xp", id="without a colon"),
        pytest.param("Basic Y29tZnktY2xpOg", id="incomplete base64"),
        pytest.param("Basic /w==", id="not UTF-8"),
        "Digest x",
        "Bearerx",
        "Basic",
        "\ud800",
    ],
)
def test_an_authorization_header_of_a_client_is_refused(functions: Lambdas, function: str, sent: str) -> None:
    """401 with the scheme that RFC 6749 5.2 requires, though the form may be valid; no code or token is consumed."""
    arrange_code(functions, functions.people.as_sampled())
    before = functions.cloud.tables()
    answer = functions.invoke(function, request(function, headers={"authorization": sent}))

    said = "Clients have no secret here. Send the client_id in the form, or as Basic with an empty secret."
    body = {"error": "invalid_client", "error_description": said}
    challenge = {"www-authenticate": 'Basic realm="clients"'}
    assert answer.read == expected.answer(function, 401, body, headers=challenge)
    assert (answer.events, answer.calls, functions.cloud.tables()) == (["authn_client_fail"], [], before)
    assert functions.invoke(function, request(function, headers={"authorization": ""})).status == 200


@pytest.mark.parametrize("function", ["client_token", "client_revoke", "device_authorize"])
@pytest.mark.parametrize("sent", ["Basic Y29tZnktY2xpOg==", "basic  Y29tZnktY2xpOg==", "Basic Y29tZnklMkRjbGk6"])
@pytest.mark.parametrize("named", [{}, {"client_id": ""}, {"client_id": "comfy-cli"}])
def test_a_client_may_name_itself_with_an_empty_secret(
    functions: Lambdas, function: str, sent: str, named: dict[str, str]
) -> None:
    """requests-oauthlib and others do so by default (RFC 6749 2.3.1). The form may name it, too."""
    arrange_code(functions, functions.people.as_sampled())
    sampled = dict(parse_qsl(request(function)["body"]))
    body = urlencode({name: value for name, value in sampled.items() if name != "client_id"} | named)

    assert functions.invoke(function, request(function, body=body, headers={"authorization": sent})).status == 200


@pytest.mark.parametrize("function", ["client_token", "client_revoke", "device_authorize"])
@pytest.mark.parametrize(
    "sent", ["Bearer a.b.c", "bearer  x", "Bearer", "Bearer Y29tZnktY2xpOmd1ZXNz", f"Bearer {SAMPLE_KEY}"]
)
def test_a_bearer_token_is_ignored(functions: Lambdas, function: str, sent: str) -> None:
    """An interceptor adds it to every request, also to the one that replaces it because it has expired (OA-25)."""
    arrange_code(functions, functions.people.as_sampled())
    calls = functions.invoke(function, request(function, headers={"authorization": sent}))
    unnamed = request(function, body="grant_type=refresh_token", headers={"authorization": sent})

    assert calls.status == 200
    assert functions.invoke(function, unnamed).json["error"] == "invalid_client"


@pytest.mark.parametrize("name", ["resource", "scope", "state"])
def test_an_empty_parameter_is_ignored(program: Program, name: str) -> None:
    """When the question is shown, and when it is answered (RFC 6749 3.1)."""
    shown = program.shown(cookie=SAMPLE_TOKEN, **{name: ""})

    assert shown.json["client"]["id"] == "comfy-cli"
    assert "code" in query_of(program.answered(**{name: ""}))
