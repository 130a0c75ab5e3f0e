"""The picture of the dashboard: every widget in its place, with what it shows."""

import re
from typing import Any

import pytest

from watching import drawing, stack, widgets
from watching.dashboard import body
from watching.series import Metrics
from watching.widgets import COLUMNS, Widget, event, graph, numbers, placed, text

HOUR = 3600


def drawn(*shown: Widget, metrics: Metrics | None = None) -> str:
    """One hour of these widgets."""
    return drawing.page({"widgets": placed(shown)}, metrics or Metrics(), 0, HOUR)


@pytest.fixture
def metrics() -> Metrics:
    """Four in the first quarter of an hour."""
    found = Metrics()
    for at in range(4):
        found.put("ComfyAccounts", "came", {"service": "${AWS::StackName}"}, at, 1)
    return found


def test_widgets_stand_in_rows_as_wide_as_the_dashboard() -> None:
    """The next row begins below the highest of the one before."""
    shown = placed([graph("a", height=3), graph("b", width=12, height=6), graph("c"), text("# d\n.", height=2)])

    assert [(it["x"], it["y"], it["width"], it["height"]) for it in shown] == [
        (0, 0, 8, 3),
        (8, 0, 12, 6),
        (0, 6, 8, 6),
        (0, 12, COLUMNS, 2),
    ]


def test_a_line_is_drawn_and_named_with_its_sum(metrics: Metrics) -> None:
    """From nought, over the whole time: what was not counted did not happen."""
    page = drawn(graph("People", event("came", "came in")), metrics=metrics)

    points = re.findall(r'points="([^"]*)"', page)
    heights = [float(point.partition(",")[2]) for point in points[0].split()]
    assert (len(heights), heights[0] < heights[1], len(set(heights[1:]))) == (4, True, 1)
    assert "came in <b>4</b>" in page


def test_a_number_is_that_of_the_whole_time(metrics: Metrics) -> None:
    """However many periods there were."""
    metrics.put("ComfyAccounts", "came", {"service": "${AWS::StackName}"}, 3000, 1)

    page = drawn(numbers("People", event("came", "came in"), event("left", "left")), metrics=metrics)

    assert "<p><b>5</b><br>came in</p><p><b>--</b><br>left</p>" in page


def test_what_is_empty_says_so() -> None:
    """A widget without lines, and a query that cannot be asked here."""
    assert drawn(graph("People", event("came", "came in"))).count('class="none"') == 1
    assert drawn(widgets.log_table("Cold starts", "stats count(*)")).count('class="none"') == 1


def test_only_the_fullest_lines_are_named(metrics: Metrics) -> None:
    """Fifty names would leave no room for the lines."""
    several: list[list[Any]] = [event("came", f"line {number}") for number in range(9)]
    page = drawn(graph("People", *several), metrics=metrics)

    assert (page.count("<polyline"), page.count("<b>4</b>"), "and 3 more" in page) == (9, 6, True)


def test_words_are_words() -> None:
    """What is emphasised is; what looks like HTML is not."""
    page = drawn(text("# Is it <healthy>?\n**Good:** no *5xx*."))

    assert "<h1>Is it &lt;healthy&gt;?</h1><p><strong>Good:</strong> no <em>5xx</em>.</p>" in page


def test_the_whole_dashboard_can_be_drawn() -> None:
    """Every widget of the template, empty: each expression is understood."""
    shown = body(stack.read())
    page = drawing.page(shown, Metrics(), 0, HOUR)

    assert page.count("<section") == len(shown["widgets"])
