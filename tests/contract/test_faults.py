"""What every failure between here and DynamoDB comes to: Unavailable, and nothing half-written."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.httpsession import URLLib3Session

from accounts.dynamo.tables import RETRIES, connection
from accounts.dynamo.transactions import TRIES, DynamoTransactions
from accounts.errors import Unavailable
from accounts.model import api_keys, one_time_tokens, sessions, throttles, users
from accounts.transactions import Conflict
from tests.contract import wire
from tests.contract.backends import STORES, Backend
from tests.contract.samples import LATER, NOW, a_digest, a_session, a_token, a_toll, a_user, an_api_key

_URL = "https://dynamodb.example.com"


def breaking(error: Exception) -> Callable[[AWSPreparedRequest], NoReturn]:
    """A connection that fails like this."""

    def fail(_request: AWSPreparedRequest) -> NoReturn:
        raise error

    return fail


FAULTS: Mapping[str, Callable[[AWSPreparedRequest], Any]] = {
    "server error": wire.error(500, "InternalServerError"),
    "service unavailable": wire.error(503, "ServiceUnavailable"),
    "throttled": wire.error(400, "ThrottlingException"),
    "too much for the table": wire.error(400, "ProvisionedThroughputExceededException"),
    "too much for the account": wire.error(400, "RequestLimitExceeded"),
    "not allowed": wire.error(400, "AccessDeniedException"),
    "no table": wire.error(400, "ResourceNotFoundException"),
    "no key for the data": wire.error(400, "KMSAccessDeniedException"),
    "not understood": wire.error(400, "ValidationException"),
    "still under way": wire.error(400, "TransactionInProgressException"),
    "no connection": breaking(EndpointConnectionError(endpoint_url=_URL)),
    "connection timed out": breaking(ConnectTimeoutError(endpoint_url=_URL)),
    "answer timed out": breaking(ReadTimeoutError(endpoint_url=_URL)),
    "connection closed": breaking(ConnectionClosedError(endpoint_url=_URL)),
    "broken transport": breaking(HTTPClientError(error="broken")),
    "no credentials": breaking(NoCredentialsError()),
}
USES: Mapping[str, Callable[[Backend], Any]] = {
    "read an account": lambda b: b.users.get("somebody"),
    "read an identity": lambda b: b.identities.get("email#somebody@example.com"),
    "read a session": lambda b: b.sessions.get(a_digest()),
    "read a key": lambda b: b.api_keys.get(a_digest()),
    "read a token": lambda b: b.tokens.get(a_token().key),
    "list sessions": lambda b: b.sessions.of_user("somebody"),
    "list keys": lambda b: b.api_keys.of_user("somebody"),
    "read a history": lambda b: b.audit.latest("somebody", 50),
    "touch a session": lambda b: b.sessions.touch(a_digest(), NOW),
    "touch a key": lambda b: b.api_keys.touch(a_digest(), NOW),
    "count": lambda b: b.throttles.take([a_toll(), a_toll()], NOW),
    "write": lambda b: b.commit(users.Open(a_user()), sessions.Start(a_session())),
}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What botocore would have slept between its tries."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


@pytest.fixture(autouse=True)
def _fresh_client(real: Backend) -> None:  # noqa: ARG001 - whose connection it is
    """A client's allowance for trying again is its own: one test must not use up another's."""
    connection()._client = None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_unavailable_and_leaves_nothing_behind(real: Backend, fault: str) -> None:
    """Whatever went wrong, and whatever was being done."""
    before = real.contents()
    for use in USES.values():
        with wire.answering(FAULTS[fault]) as requests, pytest.raises(Unavailable):
            use(real)
        assert requests

    assert real.contents() == before


@pytest.mark.parametrize("use", USES)
def test_one_hiccup_is_not_noticed(real: Backend, use: str) -> None:
    """A call that fails once is made again and goes through."""
    with wire.answering(FAULTS["server error"], wire.let_through) as requests:
        USES[use](real)

    assert len(requests) == 2


def test_a_dead_database_is_asked_three_times(real: Backend, pauses: list[float]) -> None:
    """So that the answer comes before the function's own timeout does."""
    with wire.answering(FAULTS["answer timed out"]) as requests, pytest.raises(Unavailable):
        real.users.get("somebody")

    assert (len(requests), len(pauses)) == (1 + RETRIES, RETRIES) == (3, 2)


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"])
def test_a_transaction_that_is_always_in_the_way_is_unavailable(real: Backend, reason: str) -> None:
    """It is tried again, each time after a longer pause at most, but not for ever."""
    slept: list[float] = []
    transactions = DynamoTransactions(*(store("never-asked") for store in STORES.values()), pause=slept.append)
    before = real.contents()
    with wire.answering(wire.cancelled("None", reason)) as requests, pytest.raises(Unavailable):
        transactions.commit(users.Open(a_user()), sessions.Start(a_session()))

    bounds = [min(0.05 * 2**index, 0.8) for index in range(TRIES - 1)]
    assert len(requests) == TRIES
    assert [0 <= pause < bound for pause, bound in zip(slept, bounds, strict=True)] == [True] * (TRIES - 1)
    assert sum(bounds) < 7
    assert real.contents() == before


@pytest.mark.parametrize("reason", ["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied", "NewReason"])
def test_a_transaction_cancelled_for_any_other_reason_is_unavailable(real: Backend, reason: str) -> None:
    """At once: trying again would not help. Least of all is it somebody's conflict."""
    answer = wire.cancelled("ConditionalCheckFailed", reason)
    with wire.answering(answer) as requests, pytest.raises(Unavailable):
        real.commit(users.Open(a_user()), sessions.Start(a_session()))

    assert len(requests) == 1


def test_a_transaction_that_was_in_the_way_once_goes_through(real: Backend) -> None:
    """And is written once."""
    user, session = a_user(), a_session()
    with wire.answering(wire.cancelled("TransactionConflict", "None"), wire.let_through) as requests:
        real.commit(users.Open(user), sessions.Start(session))

    assert len(requests) == 2
    assert [real.users.get(user.user_id), real.sessions.get(session.digest)] == [user, session]


def test_a_condition_that_failed_counts_though_another_item_was_in_the_way(real: Backend) -> None:
    """The outcome is certain: only the failed one is named."""
    start, issue = sessions.Start(a_session()), one_time_tokens.Issue(a_token())
    answer = wire.cancelled("TransactionConflict", "ConditionalCheckFailed")
    with wire.answering(answer) as requests, pytest.raises(Conflict) as conflict:
        real.commit(start, issue)

    assert (conflict.value.changes, len(requests)) == ((issue,), 1)


def test_a_touch_gives_way_to_a_transaction(real: Backend) -> None:
    """Whoever makes or ends the session or key meanwhile is right; the request that noted its use still succeeds."""
    session, key = a_session(), an_api_key()
    real.commit(sessions.Start(session), api_keys.Add(key))
    with wire.answering(wire.error(400, "TransactionConflictException")) as requests:
        real.sessions.touch(session.digest, LATER)
        real.api_keys.touch(key.digest, LATER)

    assert len(requests) == 2
    assert [real.sessions.get(session.digest), real.api_keys.get(key.digest)] == [session, key]


def test_a_count_whose_answer_was_lost_counts_once(real: Backend) -> None:
    """The second try carries the first one's token, so DynamoDB knows it has done this already."""
    toll = a_toll(limit=2)
    http = URLLib3Session()

    def lost(request: AWSPreparedRequest) -> NoReturn:
        assert http.send(request).status_code == 200
        raise ReadTimeoutError(endpoint_url=_URL)

    with wire.answering(lost, wire.let_through) as requests:
        real.throttles.take([toll, a_toll()], NOW)
    http.close()
    real.throttles.take([toll], NOW)

    assert len(requests) == 2
    with pytest.raises(throttles.Full) as full:
        real.throttles.take([toll], LATER)
    assert full.value.counter == throttles.Counter(2, NOW)
