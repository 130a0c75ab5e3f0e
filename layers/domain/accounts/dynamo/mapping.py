"""How nouns are stored: each field in one attribute, both ways.

A field is stored in the model's attribute of the same name, unless the mapping says otherwise. The attribute declares
the stored name and type, and converts both ways. A field without an attribute is an error at import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from pynamodb.attributes import Attribute, NumberAttribute, UnicodeSetAttribute
from pynamodb.constants import LIST, MAP, NULL, NUMBER, STRING
from pynamodb.models import Model

type Item = dict[str, dict[str, Any]]


class Joined(Struct, frozen=True):
    """Several ``fields`` in one attribute: written from the noun's property ``whole``, read by ``split``."""

    whole: str
    fields: tuple[str, ...]
    split: Callable[[str], Iterable[Any]]


class ItemMapping[N: Struct]:
    """Turns nouns into items of ``model`` and back.

    ``renamed`` names the attribute of a field that is stored under another name, ``joined`` what an attribute is made
    of when that is more than one field, and ``nested`` the struct in a field whose own fields are stored beside the
    noun's. Of a nested struct, only the fields that have an attribute are stored.

    A nullable attribute is left out when the field is empty, and reads as the field's default. Any other attribute
    that is missing from an old item reads as the attribute's default.
    """

    def __init__(
        self,
        of: type[N],
        model: type[Model],
        *,
        renamed: Mapping[str, str] | None = None,
        joined: Mapping[str, Joined] | None = None,
        nested: Mapping[str, type[Struct]] | None = None,
    ) -> None:
        self.of = of
        attributes = model.get_attributes()
        self._joined = [(attributes[name], how) for name, how in (joined or {}).items()]
        self._nested = {
            field: (struct, [(name, attributes[name]) for name in struct.__struct_fields__ if name in attributes])
            for field, struct in (nested or {}).items()
        }
        elsewhere = {*self._nested, *(field for _, how in self._joined for field in how.fields)}
        names = {field: (renamed or {}).get(field, field) for field in of.__struct_fields__ if field not in elsewhere}
        if missing := names.values() - attributes.keys():
            message = f"{model.__name__} has no attribute for {', '.join(sorted(missing))}: the mapping must name one."
            raise TypeError(message)
        self._fields = [(field, attributes[name]) for field, name in names.items()]

    def item(self, noun: N) -> Item:
        """The noun as DynamoDB takes it."""
        item = _written(noun, self._fields)
        for attribute, how in self._joined:
            item[attribute.attr_name] = {attribute.attr_type: attribute.serialize(getattr(noun, how.whole))}
        for field, (_, fields) in self._nested.items():
            item |= _written(getattr(noun, field), fields)
        return item

    def noun(self, item: Item) -> N:
        """The noun that the item holds."""
        values = _read(item, self._fields)
        for attribute, how in self._joined:
            text = attribute.deserialize(attribute.get_value(item[attribute.attr_name]))
            values.update(zip(how.fields, how.split(text), strict=True))
        for field, (struct, fields) in self._nested.items():
            values[field] = struct(**_read(item, fields))
        return self.of(**values)


def _written(noun: Struct, fields: Sequence[tuple[str, Attribute[Any]]]) -> Item:
    item = {}
    for field, attribute in fields:
        value = getattr(noun, field)
        if value or not attribute.null:
            item[attribute.attr_name] = {attribute.attr_type: attribute.serialize(value)}
    return item


def _read(item: Item, fields: Sequence[tuple[str, Attribute[Any]]]) -> dict[str, Any]:
    values = {}
    for field, attribute in fields:
        stored = item.get(attribute.attr_name)
        if stored and NULL not in stored:
            values[field] = attribute.deserialize(attribute.get_value(stored))
        elif not attribute.null:
            values[field] = attribute.default() if callable(attribute.default) else attribute.default
    return values


class CountAttribute(NumberAttribute):
    """A whole number."""

    def deserialize(self, value: str) -> int:
        return int(value)


class SecondsAttribute(Attribute[timedelta]):
    """A length of time, as whole seconds."""

    attr_type = NUMBER

    def serialize(self, value: timedelta) -> str:
        return str(value // timedelta(seconds=1))

    def deserialize(self, value: str) -> timedelta:
        return timedelta(seconds=float(value))


class FrozenSetAttribute(UnicodeSetAttribute):
    """Texts in no order, frozen. DynamoDB has no empty set: that is a missing attribute."""

    def deserialize(self, value: list[str]) -> Any:  # noqa: ANN401 - a frozenset, which pynamodb's type is not
        return frozenset(value)


class TextsAttribute(Attribute[tuple[str, ...]]):
    """Texts in order."""

    attr_type = LIST

    def serialize(self, value: tuple[str, ...]) -> list[dict[str, str]]:
        return [{STRING: text} for text in value]

    def deserialize(self, value: list[dict[str, str]]) -> tuple[str, ...]:
        return tuple(text[STRING] for text in value)


class TextMapAttribute(Attribute[Mapping[str, str]]):
    """Texts by name."""

    attr_type = MAP

    def serialize(self, value: Mapping[str, str]) -> Item:
        return {name: {STRING: text} for name, text in value.items()}

    def deserialize(self, value: Item) -> dict[str, str]:
        return {name: text[STRING] for name, text in value.items()}


class MomentAttribute(Attribute[datetime]):
    """A moment, as epoch seconds."""

    attr_type = NUMBER

    def serialize(self, value: datetime) -> str:
        return str(int(value.timestamp()))

    def deserialize(self, value: str) -> datetime:
        return datetime.fromtimestamp(int(value), UTC)


class MomentMapAttribute(Attribute[Mapping[str, datetime]]):
    """Moments by name, as epoch seconds."""

    attr_type = MAP

    def serialize(self, value: Mapping[str, datetime]) -> Item:
        return {name: {NUMBER: str(int(moment.timestamp()))} for name, moment in value.items()}

    def deserialize(self, value: Item) -> dict[str, datetime]:
        return {name: datetime.fromtimestamp(int(moment[NUMBER]), UTC) for name, moment in value.items()}
