"""Costs in documents and on the dashboard are computed from counted calls and one list of prices."""

import re

import pytest

from benchmarks import costs
from benchmarks.prices import PRICES
from benchmarks.stories import CALLS, CPU, HASHES
from tests.cloudformation import monitoring
from tests.guards import project


def test_the_documented_costs_are_the_computed_ones() -> None:
    """A call, a price or a resource changed: run `make costs`, and look at the difference before you commit it."""
    document = costs.DOCUMENT.read_text(encoding="utf-8")
    assert document == costs.written(document)


def test_every_counted_function_has_measured_milliseconds() -> None:
    """Run `make bench` and write the ratio of the warm request into ``benchmarks/stories.py``."""
    assert CPU.keys() == CALLS.keys()


def test_functions_that_hash_have_a_whole_processor() -> None:
    sizes = {name: project.functions()[name]["MemorySize"] for name in HASHES}
    assert sizes == dict.fromkeys(HASHES, costs.WHOLE_VCPU_MB)


def test_the_dashboard_uses_the_same_prices() -> None:
    (dashboard,) = monitoring("AWS::CloudWatch::Dashboard").values()
    body = str(dashboard["DashboardBody"])
    used = {float(it) for it in re.findall(r"[*] (0\.0\d+)\b", body)}
    names = ("Lambda GB-second", "Lambda request", "DynamoDB read unit", "DynamoDB write unit", "HTTP API request")
    assert sorted(used) == pytest.approx(sorted({PRICES[name].dollars for name in names}))
