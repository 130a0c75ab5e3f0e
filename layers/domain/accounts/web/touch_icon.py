"""The icon that iOS puts on a home screen, in the deployment's colour. `scripts/touch_icon.py` draws it."""

from __future__ import annotations

import zlib
from typing import Final

# Colours of the palette: 4 bits a pixel.
LEVELS: Final = 16
_WHITE = 255


def coloured(drawn: bytes, accent: str) -> bytes:
    """``accent`` is ``#rrggbb``."""
    start = drawn.index(b"PLTE") - 4
    replaced = chunk(b"PLTE", palette(accent))
    return drawn[:start] + replaced + drawn[start + len(replaced) :]


def palette(accent: str) -> bytes:
    """From the accent to white."""
    parts = bytes.fromhex(accent[1:])
    return bytes(round(part + (_WHITE - part) * level / (LEVELS - 1)) for level in range(LEVELS) for part in parts)


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG (ISO/IEC 15948 5.3)."""
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
