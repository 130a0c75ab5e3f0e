"""Draw the icon that iOS puts on a home screen, which cannot be SVG: `python -m scripts.touch_icon`.

A PNG of 180 by 180 pixels whose colours are a palette, from the accent to the white of the figure. The service replaces
the palette by that of its accent (``accounts.web.touch_icon``). The figure is that of ``icon.svg``.
"""

import math
import zlib
from itertools import pairwise

from accounts.web.assets import TOUCH_ICON
from accounts.web.touch_icon import LEVELS, chunk, palette

SIZE, UNITS = 180, 32
# In units of icon.svg: the head is a circle, the shoulders are two Bézier curves; all are drawn with a round pen.
HEAD, RADIUS, PEN = (16.0, 12.5), 4.5, 2.6
SHOULDERS = (((7.5, 25), (8.7, 20.6), (12, 18.5), (16, 18.5)), ((16, 18.5), (20, 18.5), (23.3, 20.6), (24.5, 25)))
_STEPS = 12
_BITS = 4


def drawn() -> bytes:
    """With the palette of a black accent."""
    lines = [_packed([_level(x, y) for x in range(SIZE)]) for y in range(SIZE)]
    header = SIZE.to_bytes(4) * 2 + bytes([_BITS, 3, 0, 0, 0])
    pixels = zlib.compress(b"".join(b"\0" + line for line in lines), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, data)
        for kind, data in ((b"IHDR", header), (b"PLTE", palette("#000000")), (b"IDAT", pixels), (b"IEND", b""))
    )


def _level(x: int, y: int) -> int:
    """How much of the pixel the figure covers: its edge is one pixel wide."""
    scale = UNITS / SIZE
    at = ((x + 0.5) * scale, (y + 0.5) * scale)
    distance = min(abs(math.dist(at, HEAD) - RADIUS), *(_to_segment(at, one, other) for one, other in _SEGMENTS))
    covered = 0.5 + (PEN / 2 - distance) / scale
    return round(min(1.0, max(0.0, covered)) * (LEVELS - 1))


def _bezier(points: tuple[tuple[float, float], ...], t: float) -> tuple[float, float]:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    x, y = (sum(weight * point[axis] for weight, point in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y


def _to_segment(at: tuple[float, float], one: tuple[float, float], other: tuple[float, float]) -> float:
    (x, y), (dx, dy) = one, (other[0] - one[0], other[1] - one[1])
    along = ((at[0] - x) * dx + (at[1] - y) * dy) / (dx * dx + dy * dy)
    t = min(1.0, max(0.0, along))
    return math.dist(at, (x + t * dx, y + t * dy))


def _packed(levels: list[int]) -> bytes:
    """Two pixels in a byte."""
    return bytes(first << _BITS | second for first, second in zip(levels[::2], levels[1::2], strict=True))


_SEGMENTS = [
    pair for curve in SHOULDERS for pair in pairwise([_bezier(curve, step / _STEPS) for step in range(_STEPS + 1)])
]


if __name__ == "__main__":
    TOUCH_ICON.write_bytes(drawn())
