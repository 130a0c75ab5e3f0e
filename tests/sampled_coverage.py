"""A pytest plugin that keeps coverage cheap: `pytest -p tests.sampled_coverage --cov`.

Tracing nearly doubles the time of a test, so only one case of each test is traced: the others run almost the same
lines. Folders that run the domain in other processes are not traced, nor are those that add few lines, such as
`contract`. The reported coverage is therefore a lower bound.
"""

import importlib
import pkgutil
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from coverage import Coverage
from xdist import is_xdist_controller

import accounts
from tests.first_cases import first_cases

_FOLDERS = ("tests/unit/accounts/", "tests/functions/")
# Compares the processor time of two requests.
_TIMED = "tests/functions/test_timing.py"
_TRACED = pytest.StashKey[frozenset[str]]()


def traced(nodeids: list[str]) -> frozenset[str]:
    """The first case of each test of the domain."""
    return frozenset(it for it in first_cases(nodeids) if it.startswith(_FOLDERS) and not it.startswith(_TIMED))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Trace the imports of the domain, but not those of the tests, which would take twice as long."""
    if is_xdist_controller(session):
        _stop()
        return (yield)
    _import_the_domain()
    with _untraced():
        return (yield)


@contextmanager
def _untraced() -> Generator[None]:
    running = Coverage.current()
    _stop()
    try:
        yield
    finally:
        if running:
            running.start()


def _stop() -> None:
    """pytest-cov starts two coverages in each worker and uses one. The other would go on where that one is stopped."""
    while running := Coverage.current():
        running.stop()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[_TRACED] = traced([item.nodeid for item in items])


def _import_the_domain() -> None:
    """Otherwise a module that an untraced test imports first would miss the lines that run at import."""
    for module in pkgutil.walk_packages(accounts.__path__, "accounts."):
        importlib.import_module(module.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Trace a test with its fixtures, or not."""
    if item.nodeid in item.config.stash[_TRACED]:
        return (yield)
    with _untraced():
        return (yield)
