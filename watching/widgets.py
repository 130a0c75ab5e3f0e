"""The parts a dashboard is made of, in CloudWatch's own JSON, each on a grid of 24 columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Line = list[Any]
COLUMNS = 24
# What may be named in the template's Fn::Sub.
SERVICE = ("service", "${AWS::StackName}")
API = ("ApiId", "${HttpApi}")
MINUTE, QUARTER, HOUR = 60, 900, 3600


@dataclass(frozen=True)
class Widget:
    """One widget, and how much room it takes."""

    kind: str
    width: int
    height: int
    properties: Json


def text(markdown: str, *, height: int = 3) -> Widget:
    """Words across the whole width."""
    return Widget("text", COLUMNS, height, {"markdown": markdown})


def graph(title: str, *lines: Line, width: int = 8, height: int = 6, stat: str = "Sum", **more: Any) -> Widget:  # noqa: ANN401 - CloudWatch's own properties
    """Lines over time, from nought."""
    shape = {"view": "timeSeries", "stacked": False, "yAxis": {"left": {"min": 0}}}
    given = {"title": title, "region": "${AWS::Region}", "stat": stat, "period": QUARTER, **shape, **more}
    return Widget("metric", width, height, {**given, "metrics": list(lines)})


def numbers(title: str, *lines: Line, height: int = 3) -> Widget:
    """One number each, of the whole time that is shown, across the whole width."""
    given: Json = {"view": "singleValue", "setPeriodToTimeRange": True, "sparkline": False, "yAxis": {}}
    return graph(title, *lines, width=COLUMNS, height=height, **given)


def log_table(title: str, query: str, *, width: int = 8, height: int = 6) -> Widget:
    """A table of what a query finds in the functions' log."""
    source = "SOURCE '${FunctionsLogGroup}' | "
    return Widget(
        "log", width, height, {"title": title, "region": "${AWS::Region}", "view": "table", "query": source + query}
    )


def event(name: str, label: str, method: str = "", **more: Any) -> Line:  # noqa: ANN401
    """The count of one of our own events."""
    by = ("method", method) if method else ()
    return ["ComfyAccounts", name, *by, *SERVICE, {"label": label, **more}]


def of_aws(namespace: str, name: str, *dimensions: str, **more: Any) -> Line:  # noqa: ANN401
    """A metric that AWS writes by itself, without a price."""
    return [f"AWS/{namespace}", name, *dimensions, more]


def computed(expression: str, label: str, **more: Any) -> Line:  # noqa: ANN401
    """A line made of others of the same widget."""
    return [{"expression": expression, "label": label, **more}]


def placed(widgets: Iterable[Widget]) -> list[Json]:
    """The widgets in reading order, as full a row as there is room."""
    x = y = height = 0
    found = []
    for widget in widgets:
        if x + widget.width > COLUMNS:
            x, y, height = 0, y + height, 0
        place = {"type": widget.kind, "x": x, "y": y, "width": widget.width, "height": widget.height}
        found.append({**place, "properties": widget.properties})
        x, height = x + widget.width, max(height, widget.height)
    return found


def chunks[T](many: Sequence[T], most: int) -> list[Sequence[T]]:
    """At most so many at a time."""
    return [many[at : at + most] for at in range(0, len(many), most)]
