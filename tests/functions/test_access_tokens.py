"""Which routes accept an access token, and that no secret works as another kind."""

from datetime import timedelta

import pytest

from accounts.errors import SigningUnavailable, Unavailable
from tests.functions import expected, lambdas
from tests.functions.clients import Program
from tests.functions.cloud import unreachable
from tests.functions.conftest import NOW
from tests.functions.inventory import ANY_ROUTES, SESSION_ROUTES
from tests.functions.lambdas import Lambdas
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, SAMPLE_USER_ID, request

ACCEPTING = ("account_open", "account_show", "workspace_show", "key_list", "key_delete")
REFUSING = tuple(name for name in SESSION_ROUTES if name not in ACCEPTING)


@pytest.fixture
def program(functions: Lambdas) -> Program:
    """A program on the machine of a person who is logged in."""
    functions.people.as_sampled()
    return Program(functions)


@pytest.mark.parametrize("function", ACCEPTING)
def test_a_token_works_on_the_routes_that_programs_need(program: Program, function: str) -> None:
    """From a page of any origin, and without a cookie."""
    token = program.login()["access_token"]
    event = request(function, bearer=token, headers={"origin": "http://127.0.0.1:8188", "sec-fetch-site": "cross-site"})
    answer = program.functions.invoke(function, event)

    assert answer.status in (200, 204)
    assert answer.result["headers"]["access-control-allow-origin"] == "*"
    assert answer.log[0]["user_id"] == SAMPLE_USER_ID


@pytest.mark.parametrize("function", REFUSING)
def test_a_token_is_refused_on_every_other_route(program: Program, function: str) -> None:
    """403, also with a valid cookie: a token cannot manage keys, passwords, sessions or identities."""
    token = program.login()["access_token"]
    before = program.functions.cloud.tables()
    for cookie in (None, SAMPLE_TOKEN):
        answer = program.functions.invoke(function, request(function, bearer=token, cookie=cookie))
        assert answer.read == expected.refusal(function, 403, "credential_not_accepted")
        assert answer.calls == []
    assert program.functions.cloud.tables() == before


@pytest.mark.parametrize("function", sorted({*SESSION_ROUTES, *ANY_ROUTES}))
def test_no_secret_works_as_another_kind(program: Program, function: str) -> None:
    """A token as cookie or key; a refresh token, its halves and a code as any of the three (SE-13)."""
    tokens, code = program.login(), program.code()
    halves = tokens["refresh_token"].split(".")
    status, mistyped = (401, "api_key_mistyped") if function in ANY_ROUTES else (403, "credential_not_accepted")
    events = [request(function, cookie=tokens["access_token"])]
    for secret in (tokens["refresh_token"], *halves, code):
        events += [request(function, bearer=secret), request(function, cookie=secret)]
    for secret in (tokens["access_token"], tokens["refresh_token"], *halves, code):
        answer = program.functions.invoke(function, request(function, key=secret))
        assert answer.read == expected.refusal(function, status, mistyped)
    events.append(request(function, bearer=f"{halves[0]}.{halves[1]}.{code}"))
    for event in events[:-1]:
        answer = program.functions.invoke(function, event)
        bearer = "authorization" in event["headers"]
        assert answer.read == expected.refusal(function, 401, "not_authenticated", bearer=bearer)
    made_up = program.functions.invoke(function, events[-1])
    assert made_up.status in (401, 403)


def test_the_authorizer_accepts_a_token(program: Program) -> None:
    """It returns the owner and the kind of credential."""
    token = program.login()["access_token"]
    answer = program.functions.invoke("authorizer", request("authorizer", bearer=token))

    assert answer.result["isAuthorized"] is True
    assert answer.result["context"]["credential_kind"] == "access_token"
    assert [call.name for call in answer.calls if call.service == "dynamodb"] == ["dynamodb.GetItem"]


@pytest.mark.parametrize("way", ["one", "all", "reuse", "closed"])
def test_revocation_ends_tokens_immediately(program: Program, way: str) -> None:
    """By logging out one session or all, by a second use of the code, or by deleting the account (promise 6)."""
    functions = program.functions
    code = program.code()
    tokens = program.exchange(code).json
    listed = functions.invoke("session_list", request("session_list", cookie=SAMPLE_TOKEN)).json["sessions"]
    [session_id] = [entry["id"] for entry in listed if entry["client"]]
    event = request("account_show", bearer=tokens["access_token"])
    assert functions.invoke("account_show", event).status == 200
    if way == "one":
        functions.invoke("session_revoke", request("session_revoke", cookie=SAMPLE_TOKEN, target=session_id))
    elif way == "all":
        functions.invoke("session_revoke_all", request("session_revoke_all", cookie=SAMPLE_TOKEN))
    elif way == "reuse":
        program.exchange(code)
    else:
        functions.invoke("account_delete", request("account_delete", cookie=SAMPLE_TOKEN))

    refused = expected.refusal("account_show", 401, "not_authenticated", bearer=True)
    assert functions.invoke("account_show", event).read == refused
    denied = functions.invoke("authorizer", request("authorizer", bearer=tokens["access_token"]))
    assert denied.result == {"isAuthorized": False}


def test_a_token_expires_after_15_minutes(program: Program) -> None:
    """A refresh gives a new one."""
    tokens = program.login()
    program.functions.clock.now = NOW + timedelta(minutes=15)
    late = program.functions.invoke("account_show", request("account_show", bearer=tokens["access_token"]))
    fresh = program.refresh(tokens["refresh_token"]).json["access_token"]

    assert late.read == expected.refusal("account_show", 401, "not_authenticated", bearer=True)
    assert program.functions.invoke("account_show", request("account_show", bearer=fresh)).status == 200


def test_a_tampered_token_is_refused(program: Program) -> None:
    """Whichever part was changed."""
    header, payload, signature = program.login()["access_token"].split(".")
    for forged in (f"{header}.{payload[:-2]}AA.{signature}", f"{header}.{payload}.{'A' * 86}", f"{header}.{payload}.A"):
        answer = program.functions.invoke("account_show", request("account_show", bearer=forged))
        assert answer.read == expected.refusal("account_show", 401, "not_authenticated", bearer=True)
    endless = request("account_show", bearer=f"{header}.{'A' * 5000}.{signature}")
    assert program.functions.invoke("account_show", endless).status == 401


def test_a_token_together_with_a_key_is_not_read(program: Program) -> None:
    """The key counts, also when only the token would be valid (AK-14)."""
    token = program.login()["access_token"]
    answers = [
        program.functions.invoke("account_show", request("account_show", bearer=token, key=key))
        for key in (SAMPLE_KEY, SAMPLE_KEY[:-1] + "H")
    ]

    assert [answer.status for answer in answers] == [200, 401]
    assert answers[1].json["error"] == "api_key_mistyped"


@pytest.mark.parametrize(("service", "kind"), [("kms", SigningUnavailable), ("dynamodb", Unavailable)])
def test_a_token_that_cannot_be_checked_is_a_503(program: Program, service: str, kind: type[Unavailable]) -> None:
    """Never a 401, after which clients discard the token. Unavailable signing keys have an alarm of their own."""
    token = program.login()["access_token"]
    lambdas.module.cache_clear()
    program.functions.cloud.failing[service] = unreachable
    answer = program.functions.invoke("account_show", request("account_show", bearer=token))

    assert answer.read == expected.refusal("account_show", 503, kind.code, kind.default_message)
    assert answer.events == [kind.event]


def test_the_authorizer_raises_for_a_token_when_the_tables_are_down(program: Program) -> None:
    """The gateway responds with 500."""
    token = program.login()["access_token"]
    program.functions.cloud.failing["dynamodb"] = unreachable
    with pytest.raises(Unavailable):
        program.functions.invoke("authorizer", request("authorizer", bearer=token))
