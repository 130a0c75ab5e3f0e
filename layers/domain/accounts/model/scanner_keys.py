"""The public keys with which GitHub's secret scanning signs its reports."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from msgspec import Struct

URL = "https://api.github.com/meta/public_keys/secret_scanning"
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,128}")


class _Key(Struct, frozen=True):
    """``key`` is in PEM. A key that is not current signs nothing any more."""

    key_identifier: str
    key: str
    is_current: bool


class _Keys(Struct, frozen=True):
    public_keys: list[_Key]


def is_identifier(text: str) -> bool:
    """Whether the text can name a key."""
    return _IDENTIFIER.fullmatch(text) is not None


def current(text: str) -> Mapping[str, str]:
    """The current keys in PEM by their identifiers; none for a text that is not GitHub's list."""
    try:
        found = msgspec.json.decode(text, type=_Keys).public_keys
    except (msgspec.MsgspecError, RecursionError):
        return {}
    return {each.key_identifier: each.key for each in found if each.is_current}
