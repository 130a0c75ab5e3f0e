"""Intercept requests between the stores and DynamoDB: to record them, to fail them, or to cancel them as AWS does."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Lock
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from accounts.dynamo.tables import connection
from tests.contract import template

Handler = Callable[..., AWSResponse | None]
_MANY_CONNECTIONS = 64


@contextmanager
def between(event: str, handler: Handler) -> Iterator[None]:
    """Call ``handler`` at ``event`` of the connection's botocore clients."""
    clients = [one.client.meta.events for one in (connection(), connection().for_notes)]
    for events in clients:
        events.register_first(event, handler)
    try:
        yield
    finally:
        for events in clients:
            events.unregister(event, handler)


@contextmanager
def watched() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Record every operation with its parameters."""
    seen: list[tuple[str, dict[str, Any]]] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        seen.append((model.name, params))

    with between("provide-client-params.dynamodb.*", note):
        yield seen


@contextmanager
def answering(*answers: Callable[[AWSPreparedRequest], AWSResponse | None]) -> Iterator[list[AWSPreparedRequest]]:
    """Answer requests instead of DynamoDB, repeating the last of ``answers``; None lets a request through."""
    requests: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        requests.append(request)
        return answers[min(len(requests), len(answers)) - 1](request)

    with between("before-send.dynamodb", answer):
        yield requests


def let_through(_request: AWSPreparedRequest) -> None:
    """Let DynamoDB answer."""


def error(status: int, code: str, **more: Any) -> Callable[[AWSPreparedRequest], AWSResponse]:
    """An error in DynamoDB's format."""
    kind = f"com.amazonaws.dynamodb.v20120810#{code}"
    body = json.dumps({"__type__": kind, "__type": kind, "message": "a test", **more}).encode()
    return lambda request: AWSResponse(request.url, status, {"x-amzn-errortype": code}, _Raw(body))


def unprocessed(request: AWSPreparedRequest) -> AWSResponse:
    """A BatchGetItem of which DynamoDB has read nothing, because it is busy."""
    asked = json.loads(request.body)["RequestItems"]
    body = json.dumps({"Responses": {}, "UnprocessedKeys": asked}).encode()
    return AWSResponse(request.url, 200, {}, _Raw(body))


def cancelled(*codes: str) -> Callable[[AWSPreparedRequest], AWSResponse]:
    """A cancelled transaction, with the reason for each of its items."""
    reasons = [{"Code": code} if code == "None" else {"Code": code, "Message": "a test"} for code in codes]
    return error(400, "TransactionCanceledException", CancellationReasons=reasons)


class _Raw(BytesIO):
    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


class Crowd:
    """Cancels a transaction that meets another in progress on an item, as DynamoDB in AWS does.

    DynamoDB Local queues it. ``cancelled`` is the number of cancelled transactions.
    """

    def __init__(self) -> None:
        self.cancelled = 0
        self._http = URLLib3Session(max_pool_connections=_MANY_CONNECTIONS)
        self._lock = Lock()
        self._under_way: set[str] = set()
        self._keys = {
            logical: [part["AttributeName"] for part in properties["KeySchema"]]
            for logical, properties in template.tables().items()
        }

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Send all transactions through this crowd."""
        with between("before-send.dynamodb.TransactWriteItems", self._admit):
            yield
        self._http.close()

    def _admit(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        wanted = [self._key(item) for item in json.loads(request.body)["TransactItems"]]
        with self._lock:
            taken = [key in self._under_way for key in wanted]
            if any(taken):
                self.cancelled += 1
                return cancelled(*("TransactionConflict" if one else "None" for one in taken))(request)
            self._under_way.update(wanted)
        try:
            return self._http.send(request)
        finally:
            with self._lock:
                self._under_way.difference_update(wanted)

    def _key(self, item: dict[str, Any]) -> str:
        ((_, operation),) = item.items()
        values = operation.get("Key") or operation["Item"]
        table: str = operation["TableName"]
        return json.dumps([table, *(values[name] for name in self._keys[table.partition("-")[0]])])
