"""Makes moto's DynamoDB answer sooner, with the same answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from botocore.model import Shape
from moto.core.serialize import ResponseSerializer
from moto.core.utils import method_names_from_class

_get_value = ResponseSerializer.get_value
_method_names = cache(method_names_from_class)


@contextmanager
def quicker() -> Iterator[None]:
    """Read attribute values as they are stored, and list the actions of each service once.

    For each of the ten types that a value may have, moto looks for several spellings of its name, which takes a quarter
    of the time of a call. Its DynamoDB stores them under DynamoDB's own names.
    """
    with (
        patch.object(ResponseSerializer, "get_value", _value),
        patch("moto.core.responses.method_names_from_class", _method_names),
    ):
        yield


def _value(serializer: ResponseSerializer, value: Any, key: str, shape: Shape) -> Any:
    if type(value) is dict and getattr(shape, "parent", shape).name == "AttributeValue":
        return value.get(key)
    return _get_value(serializer, value, key, shape)
