"""The template and the models describe the same tables."""

from collections.abc import Mapping
from typing import Any

import pytest
from pynamodb.attributes import TTLAttribute
from pynamodb.indexes import Index

from accounts.dynamo.tables import Table
from tests.contract import template
from tests.contract.backends import STORES

# Powertools reads and writes it, without a model.
_WITHOUT_MODEL = {"MailDeliveriesTable"}

every_store = pytest.mark.parametrize(("logical_name", "store"), STORES.items(), ids=STORES)


def declared(logical_name: str) -> Mapping[str, Any]:
    return template.tables()[logical_name]


def key_schema(owner: Any) -> list[dict[str, str]]:
    """The keys of a model or of an index, as the template declares them."""
    attributes = owner.Meta.attributes if isinstance(owner, Index) else owner.get_attributes()
    hashes = [a.attr_name for a in attributes.values() if a.is_hash_key]
    ranges = [a.attr_name for a in attributes.values() if a.is_range_key]
    return [
        *({"AttributeName": name, "KeyType": "HASH"} for name in hashes),
        *({"AttributeName": name, "KeyType": "RANGE"} for name in ranges),
    ]


def test_every_table_has_a_model_and_every_model_a_table() -> None:
    assert set(template.tables()) == set(STORES) | _WITHOUT_MODEL


@every_store
def test_the_keys_are_the_same(logical_name: str, store: type[Table[Any]]) -> None:
    assert declared(logical_name)["KeySchema"] == key_schema(store.model)


@every_store
def test_the_indexes_are_the_same(logical_name: str, store: type[Table[Any]]) -> None:
    """By name, key and projection."""
    indexes = [
        {
            "IndexName": name,
            "KeySchema": key_schema(index),
            "Projection": {"ProjectionType": index.Meta.projection.projection_type},
        }
        for name, index in store.model._indexes.items()
    ]

    assert declared(logical_name).get("GlobalSecondaryIndexes", []) == indexes


@every_store
def test_the_ttl_attribute_is_the_same(logical_name: str, store: type[Table[Any]]) -> None:
    """A table whose model has no TTL attribute has no TTL."""
    names = [a.attr_name for a in store.model.get_attributes().values() if isinstance(a, TTLAttribute)]
    expected = {"AttributeName": names[0], "Enabled": True} if names else None

    assert declared(logical_name).get("TimeToLiveSpecification") == expected


@every_store
def test_every_key_attribute_is_text(logical_name: str, store: type[Table[Any]]) -> None:
    """In the model, and in the template, which defines exactly the key attributes."""
    keys = {
        part["AttributeName"] for owner in (store.model, *store.model._indexes.values()) for part in key_schema(owner)
    }
    stored = {name: store.model.get_attributes()[name].attr_type for name in sorted(keys)}
    definitions = {d["AttributeName"]: d["AttributeType"] for d in declared(logical_name)["AttributeDefinitions"]}

    assert definitions == stored == dict.fromkeys(keys, "S")
