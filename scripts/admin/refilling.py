"""Fills a table of the stack from another table.

The source may be a copy restored from a backup, a table in another region, or one that a deleted stack left behind. A
stack cannot adopt tables, so items are copied.
"""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.exceptions import ClientError

from scripts.admin import resealing
from scripts.admin.resealing import Item
from scripts.admin.terminal import Commands, command, confirm
from scripts.place import CannotDo, Place

_AT_ONCE = 16
# These hold nothing that logging in again, or asking for another email, does not restore.
_CAN_BE_EMPTIED = ("SessionsTable", "OneTimeTokensTable", "ThrottlesTable")


def add_to(commands: Commands) -> None:
    refill = command(commands, "refill", "fill a table of the stack from a copy of it; see docs/runbook.md", _refill)
    refill.add_argument("table", help="its name in the template, such as UsersTable")
    refill.add_argument("source", help="the name of the table to copy from")
    refill.add_argument("--from-region", help="where that one is, if elsewhere")
    how = refill.add_mutually_exclusive_group()
    how.add_argument("--of", metavar="ID", help="only what belongs to this account")
    how.add_argument("--exact", action="store_true", help="overwrite what differs, delete what is not in it")
    refill.add_argument("--yes", action="store_true", help="do not ask, whatever the source is called")
    empty = command(
        commands, "empty", "log out all accounts, or invalidate all emailed links; see docs/runbook.md", _empty
    )
    empty.add_argument("table", choices=_CAN_BE_EMPTIED)
    empty.add_argument("--yes", action="store_true", help="do not ask")


def _refill(asked: argparse.Namespace, there: Place) -> None:
    # The key schema is not enough to tell tables apart: sessions and API keys have the same.
    if asked.table not in asked.source and not asked.yes:
        raise CannotDo(f"{asked.source} is not named after {asked.table}; if it is a copy of it, add --yes")
    if asked.exact:
        confirm(f"Make the {asked.table} of {there.title} what {asked.source} is", yes=asked.yes)
    elsewhere = asked.from_region and boto3.client("dynamodb", region_name=asked.from_region)
    as_here = _as_here(there, asked)
    print(
        refill(there, asked.table, asked.source, exact=asked.exact, of=asked.of, elsewhere=elsewhere, as_here=as_here)
    )


def _as_here(there: Place, asked: argparse.Namespace) -> Callable[[Item], Item]:
    if asked.table != "UsersTable":
        return _unchanged
    resealed = resealing.for_key_of(there, asked.from_region)
    return lambda account: _without_what_ended(resealed(account))


def _without_what_ended(account: Item) -> Item:
    """Drop what the owner may have ended since: a requested reset of the second factor, and trust in browsers."""
    trusted: Item = {"trusted_browsers": {"M": {}}} if "trusted_browsers" in account else {}
    return {name: value for name, value in account.items() if name != "factor_reset_at"} | trusted


def _empty(asked: argparse.Namespace, there: Place) -> None:
    confirm(f"Delete all that the {asked.table} of {there.title} holds", yes=asked.yes)
    database, target = there.client("dynamodb"), there.deployed(asked.table)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        removed = _remove_others(database, target, _keys(database, target), set(), pool)
    print(f"{asked.table}: {removed} items deleted.")


def _unchanged(item: Item) -> Item:
    return item


def refill(
    place: Place,
    table: str,
    source: str,
    *,
    exact: bool,
    of: str | None = None,
    elsewhere: Any = None,  # noqa: ANN401 - boto3 makes its clients at run time
    as_here: Callable[[Item], Item] = _unchanged,
) -> str:
    """Copy missing items from ``source``, and return a summary. ``elsewhere`` is the client for another region.

    Existing items are not overwritten, because an owner may have changed them since. With ``exact``, they are, and
    items that the source lacks are deleted. With ``of``, copy only items of that account. ``as_here`` is what to write
    for an item. Raises CannotDo when the source holds none.
    """
    here = place.client("dynamodb")
    known = elsewhere or here
    target = place.names.get(table) if table.endswith("Table") else None
    if target is None or (target == source and elsewhere is None):
        raise CannotDo(f"{place.title} has no table {table} that could be filled from {source}")
    keys = _keys(known, source)
    if keys != _keys(here, target):
        raise CannotDo(f"{source} has other keys than {table}: it is a copy of another table")
    copied, held = 0, set()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for items in _chunks(known, source, of):
            held |= {_identity(item, keys) for item in items}
            copied += sum(pool.map(lambda item: _put(here, target, as_here(item), keys, exact=exact), items))
        if not held:
            whose = f" of the account {of}" if of else ""
            raise CannotDo(f"{source} holds no item{whose}: {table} was not changed")
        removed = _remove_others(here, target, keys, held, pool) if exact else 0
    return f"{table}: {copied} of {len(held)} items written, {len(held) - copied} were there, {removed} deleted."


def _keys(database: Any, table: str) -> list[str]:  # noqa: ANN401 - boto3 makes its clients at run time
    described = database.describe_table(TableName=table)["Table"]["KeySchema"]
    return [key["AttributeName"] for key in described]


def _chunks(database: Any, table: str, of: str | None = None) -> Iterator[list[dict[str, Any]]]:  # noqa: ANN401
    pages = database.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    yield from ([item for item in page["Items"] if of is None or item.get("user_id") == {"S": of}] for page in pages)


def _identity(item: dict[str, Any], keys: list[str]) -> tuple[str, ...]:
    return tuple(str(item[key]) for key in keys)


def _put(database: Any, table: str, item: dict[str, Any], keys: list[str], *, exact: bool) -> bool:  # noqa: ANN401
    missing = {"ConditionExpression": "attribute_not_exists(#key)", "ExpressionAttributeNames": {"#key": keys[0]}}
    try:
        database.put_item(TableName=table, Item=item, **({} if exact else missing))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _remove_others(database: Any, table: str, keys: list[str], held: set[Any], pool: ThreadPoolExecutor) -> int:  # noqa: ANN401
    """Delete items with other keys than ``held``; return how many."""
    removed = 0
    for items in _chunks(database, table):
        others = [{key: item[key] for key in keys} for item in items if _identity(item, keys) not in held]
        removed += len(list(pool.map(lambda key: database.delete_item(TableName=table, Key=key), others)))
    return removed
