"""The dashboard as a page: each widget where CloudWatch would put it, its lines as SVG."""

import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from watching.series import Drawn, Metrics, lines, total
from watching.widgets import COLUMNS

_UNIT = 62
_ROW = 44
_COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf")
_LEGEND = 6
_STYLE = f"""
body {{ margin: 16px; background: #f2f3f3; color: #16191f; font: 13px/1.4 system-ui, sans-serif; }}
main {{ position: relative; width: {COLUMNS * _UNIT}px; }}
section {{ position: absolute; box-sizing: border-box; padding: 6px; }}
section > div {{ box-sizing: border-box; height: 100%; padding: 8px 12px; background: #fff; border: 1px solid #d5dbdb;
  overflow: hidden; display: flex; flex-direction: column; }}
h1, h2 {{ margin: 0 0 4px; font-size: 19px; }} h2 {{ font-size: 13px; }} p {{ margin: 0 0 4px; }}
svg {{ flex: 1; min-height: 0; width: 100%; }} svg text {{ font-size: 10px; fill: #687078; }}
.legend {{ display: flex; flex-wrap: wrap; gap: 0 12px; font-size: 11px; }} .legend b {{ font-weight: 600; }}
.numbers {{ display: flex; justify-content: space-around; text-align: center; }} .numbers b {{ font-size: 34px; }}
.none {{ margin: auto; color: #687078; text-align: center; }}
i.line {{ display: inline-block; width: 12px; height: 3px; margin: 0 4px 3px 0; }}
"""


def page(body: Mapping[str, Any], metrics: Metrics, start: int, end: int) -> str:
    """The whole dashboard from ``start`` to ``end``."""
    widgets = body["widgets"]
    height = max(widget["y"] + widget["height"] for widget in widgets) * _ROW
    sections = "".join(_section(widget, metrics, start, end) for widget in widgets)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Dashboard</title><style>{_STYLE}</style>'
        f'</head><body><main style="height: {height}px">{sections}</main></body></html>'
    )


def _section(widget: Mapping[str, Any], metrics: Metrics, start: int, end: int) -> str:
    sides = ("left", "x", _UNIT), ("top", "y", _ROW), ("width", "width", _UNIT), ("height", "height", _ROW)
    place = "; ".join(f"{side}: {widget[name] * unit}px" for side, name, unit in sides)
    return f'<section style="{place}"><div>{"".join(_inside(widget, metrics, start, end))}</div></section>'


def _inside(widget: Mapping[str, Any], metrics: Metrics, start: int, end: int) -> Iterator[str]:
    properties = widget["properties"]
    if widget["type"] == "text":
        yield _markdown(properties["markdown"])
        return
    yield f"<h2>{html.escape(properties['title'])}</h2>"
    if widget["type"] == "log":
        yield '<p class="none">A query of the lines of Lambda itself.<br>Those of this machine tell no cold starts.</p>'
        return
    shown = lines(properties, metrics)
    if not any(drawn.points for drawn in shown):
        yield '<p class="none">Nothing. (Or AWS alone measures it.)</p>'
    elif properties["view"] == "singleValue":
        yield _overall(lines({**properties, "period": 2 * end}, metrics))
    else:
        size = widget["width"] * _UNIT - 40, widget["height"] * _ROW - 76
        yield _chart(shown, int(properties["period"]), size, start, end)
        yield _legend(shown)


def _overall(shown: list[Drawn]) -> str:
    """The values of a widget whose period is longer than all time: one of each line, none where nothing was."""
    values = ((next(iter(drawn.points.values()), None), html.escape(drawn.label)) for drawn in shown)
    told = (f"<p><b>{'--' if value is None else _number(value)}</b><br>{label}</p>" for value, label in values)
    return f'<div class="numbers">{"".join(told)}</div>'


def _chart(shown: list[Drawn], period: int, size: tuple[int, int], start: int, end: int) -> str:
    top = max((value for drawn in shown for value in drawn.points.values()), default=0) or 1
    (width, height), left = size, 44
    moments = range(start // period * period, end, period)

    def x(at: float) -> float:
        return left + (width - left) * (at - start) / (end - start)

    def y(value: float) -> float:
        return height - 16 - (height - 26) * value / top

    def path(drawn: Drawn) -> str:
        # What was not counted did not happen; what was not measured is not known.
        known = {at: drawn.points.get(at, 0.0) for at in moments} if drawn.stat == "Sum" else drawn.points
        return " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in known.items())

    grid = "".join(
        f'<line x1="{left}" x2="{width}" y1="{y(v):.1f}" y2="{y(v):.1f}" stroke="#eaeded"/>'
        f'<text x="{left - 4}" y="{y(v) + 3:.1f}" text-anchor="end">{_number(v)}</text>'
        for v in (0, top / 2, top)
    )
    hours = "".join(
        f'<text x="{x(at):.1f}" y="{height - 2}" text-anchor="middle">{datetime.fromtimestamp(at, UTC):%H:%M}</text>'
        for at in range(-(-start // 7200) * 7200, end, 7200)
    )
    drawn_lines = "".join(
        f'<polyline fill="none" stroke="{_COLOURS[at % len(_COLOURS)]}" stroke-width="1.6" points="{path(drawn)}"/>'
        for at, drawn in enumerate(shown)
        if drawn.points
    )
    return f'<svg viewBox="0 0 {width} {height}">{grid}{hours}{drawn_lines}</svg>'


def _legend(shown: list[Drawn]) -> str:
    """The lines with most in them, and how many more there are."""
    told = [(total(drawn), at, drawn) for at, drawn in enumerate(shown) if drawn.points]
    told.sort(key=lambda it: (-it[0], it[1]))
    entries = [
        f'<span><i class="line" style="background: {_COLOURS[at % len(_COLOURS)]}"></i>{html.escape(drawn.label)} '
        f"<b>{_number(value)}</b></span>"
        for value, at, drawn in told[:_LEGEND]
    ]
    others = len(shown) - len(entries)
    return f'<div class="legend">{"".join(entries)}{f"<span>and {others} more</span>" if others else ""}</div>'


def _markdown(text: str) -> str:
    """The little of Markdown that our texts use."""
    title, _, rest = html.escape(text, quote=False).partition("\n")
    strong = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", rest)
    marked = re.sub(r"\*(.+?)\*", r"<em>\1</em>", strong, flags=re.DOTALL)
    return f"<h1>{title.removeprefix('# ')}</h1><p>{marked}</p>"


def _number(value: float) -> str:
    if value and abs(value) < 1:
        return f"{value:.2g}"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"  # noqa: PLR2004 - digits that tell
