"""What all tables share: one client, consistent reads, and one error for every failure.

A store is one table: a pynamodb model names its attributes, a mapping turns its items into nouns. All stores of a
process share one botocore client: creating one costs as much as reading a table a hundred times.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session
from msgspec import Struct
from pynamodb.connection import Connection, TableConnection
from pynamodb.connection.base import MetaTable
from pynamodb.constants import ITEM
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.pagination import ResultIterator

from accounts import aws_session, telemetry
from accounts.dynamo.mapping import Item, ItemMapping
from accounts.errors import Unavailable
from accounts.transactions import Change

# Together below the functions' timeout of 20 s: three tries of at most 1 s + 1 s each, and botocore's pauses between
# them, of at most 1 s and 2 s (ASVS 13.2.6).
CONNECT_TIMEOUT_SECONDS = 1.0
READ_TIMEOUT_SECONDS = 1.0
RETRIES = 2

# Kinds of operation, in the order in which pynamodb puts them into one request.
CHECK, DELETE, PUT, UPDATE = range(4)


class Operation(Struct, frozen=True):
    """One write of a transaction: its kind, and its arguments as DynamoDB takes them.

    ``noun`` reads the stored item of a refusal, if the operation asks for it.
    """

    kind: int
    arguments: dict[str, Any]
    noun: Callable[[Item], Any] | None = None


Write = Callable[[Any], Operation]

_CONDITION_FAILED = "ConditionalCheckFailedException"
# The item is gone, or a transaction that makes or ends it is under way.
_MOVED_ON = frozenset({_CONDITION_FAILED, "TransactionConflictException"})


class _SharedConnection(Connection):
    """Creates its client at once: a function has a whole vCPU while it starts, and a share of one afterwards."""

    def __init__(self, retries: int) -> None:
        super().__init__(
            connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS,
            read_timeout_seconds=READ_TIMEOUT_SECONDS,
            max_retry_attempts=retries,
        )
        self._client = self.client

    @property
    def session(self) -> Session:
        return aws_session.session()

    @cached_property
    def for_notes(self) -> _SharedConnection:
        """Tries once: retries of a note would delay a good credential, and use up the quota of other calls' retries."""
        made = _SharedConnection(retries=0)
        made._tables = self._tables
        # The same sockets: a second handshake would cost more than the note.
        made.client._endpoint.http_session = self.client._endpoint.http_session  # noqa: SLF001
        return made


@cache
def connection() -> _SharedConnection:
    """The process's one connection; ``AWS_ENDPOINT_URL_DYNAMODB`` says where, if not in AWS."""
    return _SharedConnection(RETRIES)


class Table[N: Struct]:
    """A store of one noun, and the ``writes`` it contributes to transactions, by kind of change."""

    model: ClassVar[type[Model]]
    mapping: ClassVar[ItemMapping[Any]]

    def __init__(
        self, table_name: str, on_failure: Callable[[Unavailable], None] = telemetry.dependency_failed
    ) -> None:
        """Use the table of that name, without a network request. ``on_failure`` gets the error of each lost note."""
        self._table = _table(self.model, table_name)
        self._on_failure = on_failure

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How each change to this table is written."""
        return {}

    def check(self, key: str, condition: Condition) -> Operation:
        """Write nothing, but refuse the transaction unless the item meets the condition."""
        return Operation(CHECK, self._table.get_operation_kwargs(key, condition=condition))

    def put(self, noun: N, condition: Condition | None = None, **also: dict[str, Any]) -> Operation:
        """Write the whole item. ``also`` are attributes that the noun does not have, as DynamoDB takes them."""
        item = self.mapping.item(noun) | also
        keys = self._table.get_meta_table()
        hash_key, range_key = item[keys.hash_keyname], item.get(keys.range_keyname or "", {})
        return Operation(
            PUT,
            self._table.get_operation_kwargs(
                hash_key["S"], range_key.get("S"), key=ITEM, attributes=item, condition=condition
            ),
        )

    def update(self, key: str, actions: Sequence[Action], condition: Condition | None = None) -> Operation:
        """Change parts of the item; a refusal contains what is stored."""
        arguments = self._table.get_operation_kwargs(
            key, actions=actions, condition=condition, return_values_on_condition_failure="ALL_OLD"
        )
        return Operation(UPDATE, arguments, self.mapping.noun)

    def delete(self, key: str, condition: Condition | None = None) -> Operation:
        """Delete the item."""
        return Operation(DELETE, self._table.get_operation_kwargs(key, condition=condition))

    def write_alone(self, operation: Operation) -> tuple[bool, Item]:
        """Update outside of a transaction: whether it was written, and what is stored now of the updated attributes.

        When not written, the whole stored item, which did not meet the condition. DynamoDB never cancels such a write
        because of a concurrent one. Raises Unavailable.
        """
        return _alone(connection(), operation, {_CONDITION_FAILED})

    def try_write(self, operation: Operation) -> None:
        """Update outside of a transaction, unless the item does not meet the condition or a transaction is changing it.

        Tried once. A failure is reported and ignored.
        """
        try:
            _alone(connection().for_notes, operation, _MOVED_ON)
        except Unavailable as error:
            self._on_failure(error)

    def find(self, key: str) -> N | None:
        """The noun at ``key``, read consistently; None when there is none. Raises Unavailable."""
        with unavailable_on_failure():
            item = self._table.get_item(key, consistent_read=True).get(ITEM)
        return self.mapping.noun(item) if item else None

    def reading(self, key: str) -> dict[str, Any]:
        """The part of a BatchGetItem that reads ``key``."""
        asked = self._table.get_operation_kwargs(key)
        return {asked["TableName"]: {"Keys": [asked["Key"]], "ConsistentRead": True}}

    def read(self, key: str, answer: Mapping[str, Any]) -> N | None:
        """The noun at ``key`` in the answer of a BatchGetItem; read again if DynamoDB left it out."""
        name = self._table.table_name
        if name in answer.get("UnprocessedKeys", {}):
            return self.find(key)
        items = answer["Responses"].get(name, [])
        return self.mapping.noun(items[0]) if items else None

    def query(self, key: str, *, at_most: int | None = None, **how: Any) -> list[N]:  # noqa: ANN401 - pynamodb's own
        """The nouns under ``key``, of the table or of the index in ``how``. Raises Unavailable."""
        return [self.mapping.noun(item) for item in self.items(key, at_most=at_most, **how)]

    def items(self, key: str, *, at_most: int | None = None, **how: Any) -> list[Item]:  # noqa: ANN401 - pynamodb's own
        """The items of ``query``, for an index without whole nouns."""
        arguments = {"limit": at_most, **how}
        with unavailable_on_failure():
            return list(ResultIterator(self._table.query, (key,), arguments, limit=at_most))

    def note(self, key: str, actions: Sequence[Action], still_there: Condition) -> None:
        """Write bookkeeping to an item, unless it is gone. A failure is reported and ignored.

        This never restores a deleted item, and does not write to one that a transaction is changing.
        """
        self.try_write(self.update(key, actions, still_there))


def find_both[A: Struct, B: Struct](
    first: Table[A], first_key: str, second: Table[B], second_key: str
) -> tuple[A | None, B | None]:
    """The nouns at both keys, of two tables, read consistently in one round trip; None where there is none.

    Raises Unavailable.
    """
    wanted = first.reading(first_key) | second.reading(second_key)
    with unavailable_on_failure():
        answer = connection().client.batch_get_item(RequestItems=wanted)
    return first.read(first_key, answer), second.read(second_key, answer)


def _alone(over: Connection, operation: Operation, tolerated: Container[str]) -> tuple[bool, Item]:
    with unavailable_on_failure():
        try:
            # Not pynamodb's own call, whose errors lose the stored item.
            answer = over.client.update_item(**operation.arguments, ReturnValues="UPDATED_NEW")
        except ClientError as error:
            if error.response["Error"]["Code"] not in tolerated:
                raise
            return False, error.response.get("Item", {})
    return True, answer.get("Attributes", {})


@contextmanager
def unavailable_on_failure() -> Iterator[None]:
    """Raise Unavailable for any failure between here and DynamoDB (fail closed, ASVS 16.5.3)."""
    try:
        yield
    except (PynamoDBException, ClientError, BotoCoreError) as error:
        raise Unavailable from error


def _table(model: type[Model], table_name: str) -> TableConnection:
    schema = model._get_schema()  # noqa: SLF001 - pynamodb has no public way to share a client between models
    indexes = [
        {"IndexName": index["index_name"], "KeySchema": index["key_schema"]}
        for index in schema["global_secondary_indexes"]
    ]
    keys = {"KeySchema": schema["key_schema"], "AttributeDefinitions": schema["attribute_definitions"]}
    shared, table = connection(), TableConnection(table_name)
    if table_name not in shared._tables:  # noqa: SLF001
        shared.add_meta_table(MetaTable({"TableName": table_name, **keys, "GlobalSecondaryIndexes": indexes}))
    table.connection = shared
    return table
