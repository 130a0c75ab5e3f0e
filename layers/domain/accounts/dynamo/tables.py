"""What all tables share: one client for all of them, consistent reads, and one meaning for every failure.

A store is a pynamodb model bound to one table's name. All stores of a process share one botocore client: making one
costs as much as reading a table a hundred times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session
from msgspec import Struct
from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable
from pynamodb.exceptions import DoesNotExist, PynamoDBException, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from accounts import aws_session
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
    """One write of a transaction: its kind, and its arguments as DynamoDB takes them."""

    kind: int
    arguments: dict[str, Any]


Write = Callable[[Any], Operation]

# The item is gone, or a transaction that makes or ends it is under way.
_MOVED_ON = frozenset({"ConditionalCheckFailedException", "TransactionConflictException"})


class _SharedConnection(Connection):
    """Has its client made at once: while a function starts it has a whole vCPU, at its first request a share."""

    def __init__(self) -> None:
        super().__init__(
            connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS,
            read_timeout_seconds=READ_TIMEOUT_SECONDS,
            max_retry_attempts=RETRIES,
        )
        self._client = self.client

    @property
    def session(self) -> Session:
        return aws_session.session()


@cache
def connection() -> Connection:
    """The process's one connection; ``AWS_ENDPOINT_URL_DYNAMODB`` says where, if not in AWS."""
    return _SharedConnection()


class Table[M: Model]:
    """A store: ``model`` bound to a table, and the ``writes`` it contributes to transactions, by kind of change."""

    model: ClassVar[type[Model]]

    def __init__(self, table_name: str) -> None:
        """Bind to the table of that name; asks nothing of the network."""
        self.bound: type[M] = _bound(self.model, table_name)

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How each change to this table is written."""
        return {}

    def check(self, key: str, condition: Condition) -> Operation:
        """Write nothing, but refuse the transaction unless the item is so."""
        return Operation(CHECK, self.bound.get_operation_kwargs_from_class(key, condition=condition))

    def put(self, item: M, condition: Condition | None = None) -> Operation:
        """Write the whole item."""
        return Operation(PUT, item.get_save_kwargs_from_instance(condition=condition))

    def update(self, item: M, actions: Sequence[Action], condition: Condition | None = None) -> Operation:
        """Change parts of the item; a refusal tells what is stored."""
        arguments = item.get_update_kwargs_from_instance(
            actions=list(actions), condition=condition, return_values_on_condition_failure="ALL_OLD"
        )
        return Operation(UPDATE, arguments)

    def delete(self, item: M, condition: Condition | None = None) -> Operation:
        """Delete the item."""
        return Operation(DELETE, item.get_delete_kwargs_from_instance(condition=condition))

    def find(self, key: str) -> M | None:
        """The item at ``key``, read consistently; None when there is none. Raises Unavailable."""
        with unavailable_on_failure():
            try:
                return self.bound.get(key, consistent_read=True)
            except DoesNotExist:
                return None

    def note(self, item: M, action: Action, still_there: Condition) -> None:
        """Write down what is nice to know about an item, if it is still there. Raises Unavailable.

        One that has gone never comes back by this, and one that a transaction is busy with is left alone.
        """
        with unavailable_on_failure():
            try:
                item.update([action], still_there)
            except UpdateError as error:
                # Not `error.cause_response_code`: it breaks on a time-out, whose `response` is None.
                answered = isinstance(error.cause, ClientError)
                if not answered or error.cause_response_code not in _MOVED_ON:
                    raise


@contextmanager
def unavailable_on_failure() -> Iterator[None]:
    """Whatever goes wrong between here and DynamoDB means: not now (fail closed, ASVS 16.5.3)."""
    try:
        yield
    except (PynamoDBException, ClientError, BotoCoreError) as error:
        raise Unavailable from error


def _bound(model: type[Model], table_name: str) -> Any:  # noqa: ANN401 - a class made at run time
    meta = type("Meta", (), {"table_name": table_name})
    bound: Any = type(model.__name__, (model,), {"Meta": meta, "__module__": model.__module__})
    shared = connection()
    table = bound._get_connection()  # noqa: SLF001 - pynamodb has no public way to share a client between models
    meta_table: MetaTable = table.get_meta_table()
    if table_name not in shared._tables:  # noqa: SLF001
        shared.add_meta_table(meta_table)
    table.connection = shared
    return bound
