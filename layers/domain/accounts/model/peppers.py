"""The keys of the pre-hash of passwords (see ``accounts.model.passwords``)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Peppers(Struct, frozen=True):
    """The keys by version, and the version that new hashes use."""

    current: str
    keys: Mapping[str, bytes]
