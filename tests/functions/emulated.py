"""Direct access to the items of the emulated tables, to copy what is slow to write."""

import copy
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from tests.functions.cloud import ACCOUNT, REGION

# Table, hash key and range key, which is None in a table without one.
type Key = tuple[str, Any, Any]
type Items = dict[Key, Any]


def keys() -> set[Key]:
    return set(_items())


def items_besides(others: set[Key]) -> Items:
    """A copy of all items except those with these keys."""
    return {key: copy.deepcopy(item) for key, item in _items().items() if key not in others}


def can_put(items: Items) -> bool:
    """Whether none of the items would replace an existing one."""
    return not items.keys() & keys()


def put(items: Items) -> None:
    """Put copies of the items into the tables."""
    for (name, by_hash, by_range), item in items.items():
        table = _tables()[name]
        if table.has_range_key:
            table.items[by_hash][by_range] = copy.deepcopy(item)
        else:
            table.items[by_hash] = copy.deepcopy(item)


def change(table: str, key: str, attribute: str, text: str) -> None:
    """Replace a text in an item, which someone who can write to the table could do."""
    [item] = [it for (name, by_hash, _), it in _items().items() if name == table and by_hash.value == key]
    item.attrs[attribute].value = text


def _items() -> Items:
    found: Items = {}
    for name, table in _tables().items():
        for by_hash, held in table.items.items():
            ranged = held.items() if table.has_range_key else [(None, held)]
            found |= {(name, by_hash, by_range): item for by_range, item in ranged}
    return found


def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = dynamodb_backends[ACCOUNT][REGION].tables
    return tables
