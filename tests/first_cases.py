"""A pytest plugin that runs one case of each test: `pytest -p tests.first_cases`."""

from collections.abc import Iterable

import pytest


def first_cases(nodeids: Iterable[str]) -> frozenset[str]:
    """The first case of each test, whatever the order in which they run."""
    cases: dict[str, str] = {}
    for nodeid in sorted(nodeids):
        cases.setdefault(nodeid.partition("[")[0], nodeid)
    return frozenset(cases.values())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    chosen = first_cases(item.nodeid for item in items)
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in chosen])
    items[:] = [item for item in items if item.nodeid in chosen]
