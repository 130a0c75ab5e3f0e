"""JSON in which an object has each name once.

RFC 8259 leaves open which of two equal names counts, so that two readers can disagree about what a provider signed or
answered (RFC 7515 4, RFC 7519 4).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


class StrictDecoder(json.JSONDecoder):
    """Raises ValueError for a repeated name."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=_once)


def parse(document: bytes) -> Any:  # noqa: ANN401 - any JSON
    """The value of a JSON document; raises ValueError, also for a repeated name, or RecursionError."""
    return json.loads(document, cls=StrictDecoder)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "A name is repeated."
        raise ValueError(message)
    return found
