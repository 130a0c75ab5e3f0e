"""Samples become the lines of a widget as CloudWatch would make them."""

from typing import Any

import pytest

from watching import series
from watching.series import CannotCompute, Drawn, Metrics

OURS = {"service": "accounts"}


@pytest.fixture
def metrics() -> Metrics:
    """Three log-ins that were right and one that was not, and how long four answers took."""
    found = Metrics()
    for at in (0, 10, 300):
        found.put("Ours", "right", OURS, at, 1)
    found.put("Ours", "wrong", OURS, 299, 1)
    found.put("Ours", "right", {**OURS, "method": "google"}, 0, 1)
    for at, took in enumerate((5, 1, 100, 3)):
        found.put("Ours", "latency", OURS, at, took)
    return found


def shown(metrics: Metrics, *listed: list[Any], stat: str = "Sum", period: int = 300) -> list[Drawn]:
    """The lines of a widget over these metrics."""
    return series.lines({"metrics": list(listed), "stat": stat, "period": period}, metrics)


def test_what_is_counted_comes_together_by_period_and_by_all_dimensions(metrics: Metrics) -> None:
    """A metric with another dimension is another metric."""
    assert shown(metrics, ["Ours", "right", "service", "accounts", {"label": "right"}]) == [
        Drawn("right", {0: 2, 300: 1})
    ]
    assert shown(metrics, ["Ours", "right", "method", "google", "service", "accounts", {}]) == [Drawn("", {0: 1})]
    assert shown(metrics, ["Ours", "right", "service", "others"]) == [Drawn("", {})]


@pytest.mark.parametrize(("stat", "value"), [("Sum", 109), ("Maximum", 100), ("p50", 3), ("p99", 100)])
def test_each_statistic_is_that_of_the_period(metrics: Metrics, stat: str, value: float) -> None:
    """A percentile is one of the values; a line may have a statistic of its own."""
    latency = ["Ours", "latency", "service", "accounts"]

    assert shown(metrics, latency, stat=stat) == [Drawn("", {0: value}, stat)]
    assert shown(metrics, [*latency, {"stat": stat}], stat="p50") == [Drawn("", {0: value}, stat)]


@pytest.mark.parametrize(
    ("expression", "points"),
    [
        ("100 * right / (right + wrong)", {0: pytest.approx(66.667, abs=0.01), 300: 100}),
        ("right / wrong", {0: 2}),
        ('SUM(METRICS("r")) - 1', {0: 2, 300: 0}),
        ('SUM(METRICS("wrong")) * 0.5 + right', {0: 2.5, 300: 1}),
    ],
)
def test_a_line_is_computed_of_hidden_ones(metrics: Metrics, expression: str, points: dict[int, Any]) -> None:
    """Where one has no value it is nought; where that cannot be divided by there is no point."""
    hidden = [["Ours", name, "service", "accounts", {"id": name, "visible": False}] for name in ("right", "wrong")]

    assert shown(metrics, *hidden, [{"expression": expression, "label": "share"}]) == [Drawn("share", points)]


@pytest.mark.parametrize("expression", ["RATE(right)", "right ** 2", "-right", "right and 1", "right.real"])
def test_what_is_not_understood_is_said(expression: str) -> None:
    """Rather than drawn wrongly; nothing in an expression is ever run."""
    with pytest.raises(CannotCompute):
        series.computed(expression, {"right": {0: 1.0}})


def test_one_number_of_a_line() -> None:
    """What was counted adds up; what was measured has its highest."""
    assert series.total(Drawn("", {0: 1, 300: 5})) == 6
    assert series.total(Drawn("", {0: 1, 300: 5}, "p99")) == 5
