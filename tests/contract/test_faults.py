"""Every failure of DynamoDB raises Unavailable and writes nothing."""

import time
from collections.abc import Callable, Mapping
from copy import replace
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

from accounts import telemetry
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.tables import RETRIES, connection
from accounts.dynamo.transactions import TRIES, BestEffortTransactions, DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.errors import Unavailable
from accounts.model import api_keys, one_time_tokens, sessions, throttles, users
from accounts.transactions import Conflict
from tests.contract import wire
from tests.contract.backends import Backend
from tests.contract.samples import (
    CALLER,
    LATER,
    NOW,
    a_digest,
    a_document,
    a_session,
    a_token,
    a_user,
    an_api_key,
    an_increment,
)

_URL = "https://dynamodb.example.com"


def breaking(error: Exception) -> Callable[[AWSPreparedRequest], NoReturn]:
    """A connection that fails with ``error``."""

    def fail(_request: AWSPreparedRequest) -> NoReturn:
        raise error

    return fail


FAULTS: Mapping[str, Callable[[AWSPreparedRequest], Any]] = {
    "server error": wire.error(500, "InternalServerError"),
    "service unavailable": wire.error(503, "ServiceUnavailable"),
    "throttled": wire.error(400, "ThrottlingException"),
    "table throughput exceeded": wire.error(400, "ProvisionedThroughputExceededException"),
    "account limit exceeded": wire.error(400, "RequestLimitExceeded"),
    "access denied": wire.error(400, "AccessDeniedException"),
    "no table": wire.error(400, "ResourceNotFoundException"),
    "KMS access denied": wire.error(400, "KMSAccessDeniedException"),
    "malformed request": wire.error(400, "ValidationException"),
    "transaction in progress": wire.error(400, "TransactionInProgressException"),
    "no connection": breaking(EndpointConnectionError(endpoint_url=_URL)),
    "connection timed out": breaking(ConnectTimeoutError(endpoint_url=_URL)),
    "read timed out": breaking(ReadTimeoutError(endpoint_url=_URL)),
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
    "read a history": lambda b: b.audit.some("somebody", 50),
    "read the latest of a kind": lambda b: b.audit.latest("somebody", "user_updated#", 50),
    "count": lambda b: b.throttles.take(an_increment(), NOW),
    "write": lambda b: b.commit(users.Open(a_user()), sessions.Start(a_session())),
}

NOTES: Mapping[str, Callable[[Backend], Any]] = {
    "touch a session": lambda b: b.sessions.touch(a_digest(), NOW),
    "touch a key": lambda b: b.api_keys.touch(a_digest(), CALLER, NOW),
    "give a counter back": lambda b: b.throttles.give_back(an_increment()),
    "end a session elsewhere": lambda b: BestEffortTransactions(b.transactions, telemetry.dependency_failed).commit(
        sessions.Start(a_session())
    ),
}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that botocore would have slept between its tries."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


@pytest.fixture(autouse=True)
def _fresh_client(real: Backend) -> None:  # noqa: ARG001 - this connects
    """Each client has its own retry quota, so that one test does not use up another's."""
    connection()._client = None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_raises_unavailable_and_writes_nothing(real: Backend, fault: str) -> None:
    before = real.contents()
    for use in USES.values():
        with wire.answering(FAULTS[fault]) as requests, pytest.raises(Unavailable):
            use(real)
        assert requests

    assert real.contents() == before


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The events that were logged, with their levels."""
    events: list[tuple[str, str]] = []

    def record(event: str, _fields: object, *, level: str) -> None:
        events.append((event, level))

    monkeypatch.setattr(telemetry, "record", record)
    return events


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_note_that_fails_is_reported_and_raises_nothing(
    real: Backend, reported: list[tuple[str, str]], pauses: list[float], fault: str, note: str
) -> None:
    """After one try: the credential is good, and its owner waits."""
    before = real.contents()
    with wire.answering(FAULTS[fault]) as requests:
        NOTES[note](real)

    assert (len(requests), pauses) == (1, [])
    assert reported == [("sys_dependency_failed", "warning")]
    assert real.contents() == before


@pytest.mark.parametrize("use", USES)
def test_a_call_that_fails_once_is_retried(real: Backend, use: str) -> None:
    with wire.answering(FAULTS["server error"], wire.let_through) as requests:
        USES[use](real)

    assert len(requests) == 2


def test_a_database_that_is_down_is_tried_three_times(real: Backend, pauses: list[float]) -> None:
    """So that the function responds before its own timeout."""
    with wire.answering(FAULTS["read timed out"]) as requests, pytest.raises(Unavailable):
        real.users.get("somebody")

    assert (len(requests), len(pauses)) == (1 + RETRIES, RETRIES) == (3, 2)


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"])
def test_a_transaction_that_always_conflicts_is_unavailable(real: Backend, reason: str) -> None:
    """It is retried a limited number of times, with a rising upper bound for the pause."""
    slept: list[float] = []
    transactions = DynamoTransactions(UsersTable("never-asked"), SessionsTable("never-asked"), pause=slept.append)
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
    """It is neither retried, as that would not help, nor reported as a Conflict."""
    answer = wire.cancelled("ConditionalCheckFailed", reason)
    with wire.answering(answer) as requests, pytest.raises(Unavailable):
        real.commit(users.Open(a_user()), sessions.Start(a_session()))

    assert len(requests) == 1


def test_a_transaction_that_conflicts_once_is_written_once(real: Backend) -> None:
    user, session = a_user(), a_session()
    with wire.answering(wire.cancelled("TransactionConflict", "None"), wire.let_through) as requests:
        real.commit(users.Open(user), sessions.Start(session))

    assert len(requests) == 2
    assert [real.users.get(user.user_id), real.sessions.get(session.digest)] == [user, session]


def test_a_failed_condition_is_a_conflict_though_another_item_was_busy(real: Backend) -> None:
    """The outcome is certain, and only the failed change is named."""
    start, issue = sessions.Start(a_session()), one_time_tokens.Issue(a_token())
    answer = wire.cancelled("TransactionConflict", "ConditionalCheckFailed")
    with wire.answering(answer) as requests, pytest.raises(Conflict) as conflict:
        real.commit(start, issue)

    assert (conflict.value.changes, len(requests)) == ((issue,), 1)


def test_a_touch_that_meets_a_transaction_is_skipped(real: Backend, reported: list[tuple[str, str]]) -> None:
    """The transaction that creates or ends the session or key wins, and the request still succeeds."""
    session, key = a_session(), an_api_key()
    real.commit(sessions.Start(session), api_keys.Add(key))
    with wire.answering(wire.error(400, "TransactionConflictException")) as requests:
        real.sessions.touch(session.digest, LATER)
        real.api_keys.touch(key.digest, CALLER, LATER)

    assert (len(requests), reported) == (2, [])
    assert [real.sessions.get(session.digest), real.api_keys.get(key.digest)] == [session, key]


def _lost(request: AWSPreparedRequest) -> NoReturn:
    """DynamoDB applies the request, but the response does not arrive."""
    http = URLLib3Session()
    assert http.send(request).status_code == 200
    http.close()
    raise ReadTimeoutError(endpoint_url=_URL)


def test_a_count_whose_response_was_lost_counts_once(real: Backend) -> None:
    """The retry finds its own write, also where it may only be made once."""
    increment = an_increment(limit=2)
    with wire.answering(_lost, wire.let_through) as requests:
        real.throttles.take(increment, NOW)
    assert (len(requests), real.throttles.get(increment.key)) == (2, throttles.Counter(1, NOW))

    with wire.answering(_lost, wire.let_through) as requests:
        assert real.throttles.take(replace(increment, expected=1), LATER) == 2
    assert (len(requests), real.throttles.get(increment.key)) == (2, throttles.Counter(2, LATER))


def test_a_count_is_given_back_at_most_once(real: Backend, reported: list[tuple[str, str]]) -> None:
    """Without a retry, though the response was lost: a second decrement would allow one attempt too many."""
    increment = an_increment(limit=2)
    real.throttles.take(increment, NOW)
    real.throttles.take(increment, NOW)
    with wire.answering(_lost, wire.let_through) as requests:
        real.throttles.give_back(increment)

    assert (len(requests), len(reported)) == (1, 1)
    assert real.throttles.get(increment.key) == throttles.Counter(1, NOW)


def test_a_document_that_cannot_be_kept_is_reported_and_the_old_copy_stays(
    real: Backend, reported: list[tuple[str, str]]
) -> None:
    """The client's request goes on with what was fetched. A second try would only delay it."""
    document = a_document()
    real.documents.keep(document)
    with wire.answering(wire.error(500, "InternalServerError")) as requests:
        real.documents.keep(replace(document, text="{}"))

    assert (len(requests), len(reported)) == (1, 1)
    assert real.documents.get(document.client_id) == document
