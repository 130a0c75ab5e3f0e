"""Metrics as CloudWatch keeps them, small: samples in, lines of a widget out."""

import ast
import math
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Points = dict[int, float]
"""A value for each period, by the second at which the period begins."""
_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class CannotCompute(Exception):
    """An expression of CloudWatch's metric math that is not understood here."""


@dataclass(frozen=True)
class Named:
    """One metric with one set of dimensions."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


@dataclass
class Metrics:
    """Everything that was counted and measured."""

    samples: dict[Named, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def put(self, namespace: str, name: str, dimensions: Mapping[str, str], at: float, value: float) -> None:
        """Remember one sample."""
        self.samples[Named(namespace, name, frozenset(dimensions.items()))].append((at, value))

    def points(self, metric: list[Any], stat: str, period: int) -> Points:
        """A line of a widget: namespace, name, names and values of dimensions, and perhaps options."""
        namespace, name, *pairs = [part for part in metric if isinstance(part, str)]
        named = Named(namespace, name, frozenset(zip(pairs[::2], pairs[1::2], strict=True)))
        periods: dict[int, list[float]] = defaultdict(list)
        for at, value in self.samples.get(named, ()):
            periods[int(at // period) * period].append(value)
        return {at: _statistic(values, stat) for at, values in sorted(periods.items())}


@dataclass(frozen=True)
class Drawn:
    """One line that is shown."""

    label: str
    points: Points
    stat: str = "Sum"


def lines(properties: Mapping[str, Any], metrics: Metrics) -> list[Drawn]:
    """What a widget shows: its metrics, and what is computed of those and of hidden ones."""
    period, stat = int(properties["period"]), str(properties["stat"])
    known: dict[str, Points] = {}
    shown = []
    for metric in properties["metrics"]:
        options = metric[-1] if isinstance(metric[-1], dict) else {}
        if "expression" in options:
            points = computed(options["expression"], known)
        else:
            points = metrics.points(metric, options.get("stat", stat), period)
        known[options.get("id", f"_{len(known)}")] = points
        if options.get("visible", True):
            shown.append(Drawn(options.get("label", ""), points, options.get("stat", stat)))
    return shown


def computed(expression: str, known: Mapping[str, Points]) -> Points:
    """An expression at every moment at which anything that it names has a value; nothing counts as nought."""
    tree = ast.parse(expression, mode="eval").body
    used = [points for name, points in known.items() if name in _names(tree) or _selected(tree, name)]
    found = {}
    for at in sorted({at for points in used for at in points}):
        try:
            found[at] = _value(tree, known, at)
        except ZeroDivisionError:
            continue
    return found


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _selected(tree: ast.AST, name: str) -> bool:
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return any(isinstance(constant, str) and constant in name for constant in constants)


def _value(node: ast.expr, known: Mapping[str, Points], at: int) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in known:
            return known[name].get(at, 0.0)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, known, at), _value(right, known, at))
        case ast.Call(
            func=ast.Name(id="SUM"), args=[ast.Call(func=ast.Name(id="METRICS"), args=[ast.Constant(value=str(part))])]
        ):
            return sum(points.get(at, 0.0) for name, points in known.items() if part in name)
    raise CannotCompute(ast.unparse(node))


def total(drawn: Drawn) -> float:
    """One number of a whole line: what came together, or the most there was."""
    values = drawn.points.values()
    return sum(values) if drawn.stat == "Sum" else max(values, default=math.nan)


def _statistic(values: Iterable[float], stat: str) -> float:
    ordered = sorted(values)
    if stat == "Sum":
        return sum(ordered)
    if stat == "Maximum":
        return ordered[-1]
    # A percentile, as "p99": the nearest rank.
    return ordered[max(0, math.ceil(float(stat[1:]) / 100 * len(ordered)) - 1)]
