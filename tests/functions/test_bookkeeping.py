"""Bookkeeping never denies: when a note cannot be written, a good credential still works (LG-11).

A note is what no decision rests on: the last use of a session or key, and notices to the owner.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from accounts.errors import Unavailable
from accounts.flows.people.authentication import API_KEY, SESSION
from accounts.web.routes import Route
from tests.functions import expected, proofs
from tests.functions.clients import Program
from tests.functions.cloud import Call, denied, unreachable
from tests.functions.inventory import TESTED_ROUTES
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, request, sample

# Activity is due to be recorded, and the login is still fresh.
DUE = timedelta(minutes=6)
LAST_USES = frozenset({"SessionsTable", "ApiKeysTable"})
COUNTERS = frozenset({"ThrottlesTable"})
FAILED = "sys_dependency_failed"


def throttled(code: str) -> Callable[[Call], Exception]:
    """The error of a table, a partition or an account that is too busy."""
    return lambda call: ClientError({"Error": {"Code": code, "Message": "canary-of-aws"}}, call.operation)


def read_timed_out(call: Call) -> Exception:
    return ReadTimeoutError(endpoint_url=f"https://{call.service}.invalid")


def connection_timed_out(call: Call) -> Exception:
    return ConnectTimeoutError(endpoint_url=f"https://{call.service}.invalid")


FAILURES: dict[str, Callable[[Call], Exception]] = {
    "throughput exceeded": throttled("ProvisionedThroughputExceededException"),
    "throttled": throttled("ThrottlingException"),
    "account limit exceeded": throttled("RequestLimitExceeded"),
    "access denied": throttled("AccessDeniedException"),
    "server error": denied,
    "read timed out": read_timed_out,
    "connection timed out": connection_timed_out,
    "unreachable": unreachable,
}


def failing(functions: Lambdas, operation: str, failure: Callable[[Call], Exception], tables: frozenset[str]) -> None:
    """From now on, the operation fails in these tables."""

    def fail(call: Call) -> Exception | None:
        return failure(call) if call.parameters["TableName"] in tables else None

    functions.cloud.failing[operation] = fail


def failing_last_uses(functions: Lambdas, failure: Callable[[Call], Exception]) -> None:
    """From now on, the last use of no session or key can be written."""
    failing(functions, "dynamodb.UpdateItem", failure, LAST_USES)


def _with_credential(route: Route) -> list[tuple[str, dict[str, Any]]]:
    kinds = {SESSION: {"cookie": SAMPLE_TOKEN}, API_KEY: {"key": SAMPLE_KEY}}
    return [(route.function, credential) for kind, credential in kinds.items() if kind in route.credentials]


# Every route that accepts a session or a key.
USES = sorted(
    (use for route in TESTED_ROUTES for use in _with_credential(route)), key=lambda use: (use[0], "key" in use[1])
)


def _used(functions: Lambdas, function: str, credential: dict[str, Any]) -> Answer:
    functions.restore(functions.people.as_sampled)
    functions.clock.now += DUE
    try:
        return functions.invoke(function, request(function, **credential))
    finally:
        functions.clock.now -= DUE


def _shape(answer: Answer) -> tuple[int, list[str], list[str]]:
    """What two answers to one request share: all but new ids, secrets and times."""
    body = answer.json if answer.result.get("body", "").startswith("{") else {}
    return answer.status, sorted(answer.result["headers"]), sorted(body)


@pytest.mark.parametrize(("function", "credential"), USES, ids=lambda it: it if isinstance(it, str) else min(it))
def test_a_credential_works_though_its_last_use_cannot_be_recorded(
    functions: Lambdas, function: str, credential: dict[str, Any]
) -> None:
    """On every route, with the response that it has otherwise; the failure is logged once."""
    as_usual = _used(functions, function, credential)
    failing_last_uses(functions, FAILURES["throughput exceeded"])
    answer = _used(functions, function, credential)

    assert _shape(answer) == _shape(as_usual)
    assert answer.status in {200, 201, 202, 204}
    assert answer.events == [FAILED, *as_usual.events]
    assert "canary-of-aws" not in str(answer.log)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("credential", [{"cookie": SAMPLE_TOKEN}, {"key": SAMPLE_KEY}], ids=min)
def test_no_failure_of_a_note_denies(functions: Lambdas, credential: dict[str, Any], failure: str) -> None:
    """Throttled, refused, too slow or unreachable: the account is shown, and the authorizer allows."""
    person = functions.people.as_sampled()
    failing_last_uses(functions, FAILURES[failure])
    functions.clock.now += DUE
    shown = functions.invoke("account_show", request("account_show", **credential))
    decided = functions.invoke("authorizer", request("authorizer", **credential))

    assert (shown.status, shown.json["id"], shown.events) == (200, person.user_id, [FAILED, "user_shown"])
    assert decided.result["isAuthorized"] is True
    assert decided.result["context"]["account_id"] == person.user_id
    assert decided.events[0] == FAILED
    assert shown.log[0]["level"] == "WARNING"


@pytest.mark.parametrize("failure", FAILURES)
def test_a_key_is_verified_though_its_last_use_cannot_be_recorded(functions: Lambdas, failure: str) -> None:
    """For another service, by its secret."""
    person = functions.people.as_sampled()
    failing_last_uses(functions, FAILURES[failure])
    functions.clock.now += DUE
    answer = functions.invoke("key_verify", sample("key_verify"))

    assert (answer.status, answer.json["valid"], answer.json["firebase_uid"]) == (200, True, person.user_id)
    assert answer.events == [FAILED, "authn_token_verified"]


@pytest.mark.parametrize("function", ["account_open", "account_show", "workspace_show", "authorizer", "key_verify"])
def test_a_key_works_from_a_new_network_though_its_owner_cannot_be_notified(functions: Lambdas, function: str) -> None:
    """The queue is tried once, and again with a later use."""
    functions.people.as_sampled()
    functions.clock.now += DUE
    functions.invoke("account_show", request("account_show", key=SAMPLE_KEY, source="192.0.2.7"))
    functions.cloud.failing["sqs"] = unreachable
    body = {"api_key": SAMPLE_KEY, "source": "203.0.113.9"}
    how: dict[str, Any] = {"body": body} if function == "key_verify" else {"key": SAMPLE_KEY, "source": "203.0.113.9"}

    answer = functions.invoke(function, request(function, **how))
    assert answer.status == 200 if "statusCode" in answer.result else answer.result["isAuthorized"]
    assert answer.events[0] == FAILED
    assert [call.name for call in answer.calls].count("sqs.SendMessage") == 1
    functions.cloud.failing.clear()
    functions.clock.now += DUE
    again = functions.invoke(function, request(function, **how))
    assert FAILED not in again.events
    assert [call.name for call in again.calls].count("sqs.SendMessage") == 1


def test_an_access_token_works_though_its_use_cannot_be_recorded(functions: Lambdas) -> None:
    functions.people.as_sampled()
    token = Program(functions).login()["access_token"]
    failing_last_uses(functions, FAILURES["throttled"])
    functions.clock.now += DUE
    shown = functions.invoke("account_show", request("account_show", bearer=token))
    decided = functions.invoke("authorizer", request("authorizer", bearer=token))

    assert (shown.status, shown.events) == (200, [FAILED, "user_shown"])
    assert (decided.result["isAuthorized"], decided.events[0]) == (True, FAILED)


def test_a_refresh_token_works_though_no_last_use_can_be_recorded(functions: Lambdas) -> None:
    """Its exchange is one conditional write, which contains the last use."""
    functions.people.as_sampled()
    program = Program(functions)
    token = program.login()["refresh_token"]
    failing_last_uses(functions, FAILURES["throttled"])
    functions.clock.now += DUE
    answer = program.refresh(token)

    assert (answer.status, answer.events) == (200, ["authn_token_issued"])


@pytest.mark.parametrize("failure", FAILURES)
def test_a_login_works_though_its_notice_cannot_be_queued(functions: Lambdas, failure: str) -> None:
    """From a new browser, about which the owner would be emailed; the session is good."""
    functions.people.as_sampled()
    functions.cloud.failing["sqs"] = FAILURES[failure]
    answer = functions.invoke("login", request("login"))
    functions.issued.update(answer.cookies)

    assert (answer.status, answer.events) == (200, [FAILED, "authn_login_success"])
    assert functions.invoke("session_show", request("session_show", cookie=answer.cookie)).status == 200


@pytest.mark.parametrize("failure", FAILURES)
def test_a_login_works_though_its_source_cannot_be_given_back(functions: Lambdas, failure: str) -> None:
    """Behind a busy source. The password was right: the counter has done its work."""
    functions.people.as_sampled()
    login = proofs.from_an_unknown_browser("login")
    proofs.make_busy(login)
    functions.cloud.failing["dynamodb.UpdateItem"] = lambda call: FAILURES[failure](call) if _lowers(call) else None
    answer = functions.invoke("login", login)
    functions.issued.update(answer.cookies)

    assert (answer.status, answer.events) == (200, [FAILED, "authn_login_success"])
    assert functions.invoke("session_show", request("session_show", cookie=answer.cookie)).status == 200


def _lowers(call: Call) -> bool:
    return {"N": "-1"} in call.parameters["ExpressionAttributeValues"].values()


@pytest.mark.parametrize("function", ["login", "reauthenticate", "password_reset"])
def test_no_secret_is_checked_when_its_attempt_cannot_be_counted(functions: Lambdas, function: str) -> None:
    """A counter is not a note: it decides, so its failure denies."""
    functions.people.as_sampled()
    failing(functions, "dynamodb.UpdateItem", FAILURES["throttled"], COUNTERS)
    answer = functions.invoke(function, sample(function))

    assert answer.read == expected.refusal(function, 503, Unavailable.code)
    assert answer.hashes == 0


def test_a_session_is_not_ended_when_the_write_that_ends_it_fails(functions: Lambdas) -> None:
    """Ending a session is not a note: the owner learns that the session may still be valid."""
    functions.people.as_sampled()
    before = functions.cloud.tables()
    functions.cloud.failing["dynamodb.TransactWriteItems"] = FAILURES["throttled"]
    answer = functions.invoke("logout", sample("logout"))

    assert answer.read == expected.refusal("logout", 503, Unavailable.code)
    assert functions.cloud.tables() == before
    assert functions.invoke("session_show", sample("session_show")).status == 200
