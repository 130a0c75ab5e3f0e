"""Committing a list of changes as one TransactWriteItems."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct
from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException, TransactWriteError

from accounts.dynamo.tables import CHECK, DELETE, PUT, UPDATE, Operation, Table, Write, connection
from accounts.errors import Unavailable
from accounts.transactions import Change, Conflict

# Measured with fifty at once on one item, each cancelled when it meets another under way, as AWS does (DynamoDB Local
# queues them): even pauses of up to 100 ms left four in five without an answer, and of 25 free places only 11 taken;
# these fill every free place, and leave up to two in five of the losers with 503 instead of their proper refusal. They
# add up to 6.4 s at most: two such transactions fit into the functions' timeout of 20 s.
TRIES = 12
_FIRST_PAUSE_MS = 50
_LONGEST_PAUSE_MS = 800
_FAILED = "ConditionalCheckFailed"
# Another transaction or a busy partition got in the way: nothing was written, and a retry can succeed.
_IN_THE_WAY = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class Refusal(Struct, frozen=True):
    """The operation whose condition failed, and the stored item where it was asked for."""

    index: int
    item: dict[str, Any] | None


class DynamoTransactions:
    """Writes changes to the given tables."""

    def __init__(self, *tables: Table[Any], pause: Callable[[float], None] = time.sleep) -> None:
        """Write the kinds of change that these tables take."""
        self._writes: dict[type[Change], Write] = {
            kind: write for table in tables for kind, write in table.writes.items()
        }
        self._pause = pause

    def include(self, table: Table[Any]) -> None:
        """Write changes to this table, too."""
        self._writes.update(table.writes)

    def commit(self, *changes: Change) -> None:
        """Write all changes or none; raises Conflict or Unavailable. At most 100 (DynamoDB's own limit)."""
        operations = self._operations(changes)
        _check(changes, operations, write(operations, pause=self._pause))

    def commit_once(self, *changes: Change) -> None:
        """Like ``commit``, without retries."""
        operations = self._operations(changes)
        _check(changes, operations, write(operations, tries=1, over=connection().for_notes))

    def _operations(self, changes: Sequence[Change]) -> list[Operation]:
        return [self._writes[type(change)](change) for change in changes]


def _check(changes: Sequence[Change], operations: Sequence[Operation], refusals: Sequence[Refusal]) -> None:
    """Raise Conflict for the changes that were refused."""
    if refusals:
        found = [_noun(operations[refusal.index], refusal.item) for refusal in refusals]
        raise Conflict(*(changes[refusal.index] for refusal in refusals), found=found)


def _noun(operation: Operation, item: dict[str, Any] | None) -> object:
    return operation.noun(item) if operation.noun and item else None


class BestEffortTransactions:
    """For what follows a request's effect: tried once, and a failure is reported and ignored."""

    def __init__(self, writer: DynamoTransactions, on_failure: Callable[[Unavailable], None]) -> None:
        """``on_failure`` gets the error of each transaction that was not written."""
        self._writer = writer
        self._on_failure = on_failure

    def commit(self, *changes: Change) -> None:
        """Write all changes or none; raises Conflict."""
        try:
            self._writer.commit_once(*changes)
        except Unavailable as error:
            self._on_failure(error)


def write(
    operations: Sequence[Operation],
    *,
    pause: Callable[[float], None] = time.sleep,
    tries: int = TRIES,
    over: Connection | None = None,
) -> list[Refusal]:
    """Write all operations or none; returns the conditions that failed, or nothing when written.

    DynamoDB cancels a transaction that meets another on an item, rather than queue it. Such a transaction is retried
    after a random ``pause`` whose bound doubles each time. Raises Unavailable when retries do not help, and for every
    other failure.
    """
    for failed in range(tries):
        if failed:
            pause(_backoff(failed))
        reasons = _try(operations, over or connection())
        if reasons is None:
            return []
        refusals = [Refusal(i, reason.raw_item) for i, reason in reasons.items() if reason.code == _FAILED]
        if refusals:
            return refusals
    raise Unavailable


def _backoff(failed: int) -> float:
    """Seconds to wait after that many tries: random, so that transactions that met do not meet again."""
    return secrets.randbelow(min(_FIRST_PAUSE_MS << (failed - 1), _LONGEST_PAUSE_MS)) / 1000


def _try(operations: Sequence[Operation], over: Connection) -> dict[int, Any] | None:
    """None when written; else the cancellation reason of each operation that had one, by its index."""
    in_order = sorted(range(len(operations)), key=lambda index: operations[index].kind)
    try:
        over.transact_write_items(
            condition_check_items=_of_kind(CHECK, operations),
            delete_items=_of_kind(DELETE, operations),
            put_items=_of_kind(PUT, operations),
            update_items=_of_kind(UPDATE, operations),
        )
    except TransactWriteError as error:
        reasons = sorted(zip(in_order, error.cancellation_reasons, strict=False), key=itemgetter(0))
        return _understood(dict(reasons), error)
    except (PynamoDBException, ClientError, BotoCoreError) as error:
        raise Unavailable from error
    return None


def _understood(reasons: dict[int, Any], error: Exception) -> dict[int, Any]:
    given = {index: reason for index, reason in reasons.items() if reason is not None}
    if not given or any(reason.code != _FAILED and reason.code not in _IN_THE_WAY for reason in given.values()):
        raise Unavailable from error
    return given


def _of_kind(kind: int, operations: Sequence[Operation]) -> list[dict[str, Any]]:
    return [operation.arguments for operation in operations if operation.kind == kind]
