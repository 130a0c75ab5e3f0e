"""How `make test` distributes the tests over its workers."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from xdist.remote import Producer

from tests.conftest import ByFile

CLIENTS, CONTRACT = "tests/clients/test_a.py::test", "tests/contract/test_a.py::test"
BROWSER = [f"tests/browser/test_{name}.py::test" for name in "abc"]
LOCAL = [f"tests/local/test_{name}.py::test" for name in "abc"]
UNIT = [f"tests/unit/test_{number}.py::test" for number in range(40)]


class Worker:
    """A worker that runs whatever it is sent at once."""

    shutting_down = False

    def __init__(self) -> None:
        self.config = SimpleNamespace(option=SimpleNamespace(loadscopereorder=False))
        self.gateway = SimpleNamespace(id=id(self))
        self.sent: list[int] = []

    def send_runtest_some(self, indices: Iterable[int]) -> None:
        self.sent += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def distributed(config: pytest.Config, tests: list[str], workers: int) -> list[set[str]]:
    """The tests that each worker has run, when all take the same time."""
    config.option.tx = ["popen"] * workers
    scheduler: Any = ByFile(config, Producer("scheduling", enabled=False))
    nodes = [Worker() for _ in range(workers)]
    for node in nodes:
        scheduler.add_node(node)
        scheduler.add_node_collection(node, tests)
    scheduler.schedule()
    for turn in range(len(tests)):
        for node in nodes:
            if turn < len(node.sent):
                scheduler.mark_test_complete(node, node.sent[turn])
    assert sorted(index for node in nodes for index in node.sent) == list(range(len(tests)))
    return [{tests[index] for index in node.sent} for node in nodes]


@pytest.fixture
def config(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> pytest.Config:
    """As `make test` sets it. A test may change the workers."""
    monkeypatch.setattr(pytestconfig.option, "tx", [])
    monkeypatch.setattr(pytestconfig.option, "loadscopereorder", False, raising=False)
    return pytestconfig


@pytest.mark.parametrize(("workers", "clouds"), [(1, 1), (2, 1), (3, 2), (5, 4), (9, 4)])
def test_one_worker_at_least_and_all_but_four_start_no_cloud(config: pytest.Config, workers: int, clouds: int) -> None:
    """A cloud takes gigabytes, and its tests wait for other processes. No test is left out or run twice."""
    ran = distributed(config, [*BROWSER, *LOCAL, *UNIT], workers)

    assert sum(bool(tests & {*BROWSER, *LOCAL}) for tests in ran) == clouds


def test_a_folder_that_starts_something_else_stays_in_one_worker(config: pytest.Config) -> None:
    """Its DynamoDB Local, or its cloud at an https address."""
    chain = [CLIENTS, CLIENTS.replace("_a", "_b"), CLIENTS.replace("_a", "_c")]
    other = [CONTRACT, CONTRACT.replace("_a", "_b")]
    ran = distributed(config, [*chain, *BROWSER, *other, *UNIT], 3)

    assert [sum(bool(tests & set(them)) for tests in ran) for them in (chain, other)] == [1, 1]
