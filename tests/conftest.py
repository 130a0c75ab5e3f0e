"""What all tests share: the deployed local cloud, and how tests are distributed over workers."""

import gc
import os
import re
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Powertools reads it when ``accounts.telemetry`` is imported, which the stores do, too.
os.environ["POWERTOOLS_SERVICE_NAME"] = "accounts"

from accounts.aws import clients
from accounts.dynamo import tables
from tests import quick_bcrypt

if TYPE_CHECKING:
    from local.cloud import LocalCloud

# Each of these folders is one chain: its tests share a deployed local cloud or a DynamoDB Local, which start slowly.
_CHAINS = ("tests/browser/", "tests/local/", "tests/clients/", "tests/contract/")
# Each function of these files is a chain of its own: these files take longest without a local cloud.
_BY_FUNCTION = ("tests/functions/test_permissions.py", "tests/functions/test_fuzz.py")
# What takes longest starts first, so that no worker still runs it when the others are done.
_LONG = (*_CHAINS, "tests/guards/test_budgets.py")
# These tests run last: after each, every function of the local cloud starts cold again.
_REDEPLOYS = "redeploys"


class ByFile(LoadScopeScheduling):
    """Distributes files over the workers; the tests of a file, or of a chain, run in one worker."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(_CHAINS):
            return nodeid.split("/")[1]
        file, _, test = nodeid.partition("::")
        if file in _BY_FUNCTION and (function := re.search(r"\[(\w+)", test)):
            return f"{file} {function[1]}"
        return file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Distribute the tests of ``make test`` this way."""
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let no collection of garbage look at modules and tests, which all stay: each would take half a second."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first. Otherwise pytest-randomly's order of files and tests stays."""
    items.sort(key=_start)


def _start(item: pytest.Item) -> tuple[int, bool]:
    place = next((number for number, path in enumerate(_LONG) if item.nodeid.startswith(path)), len(_LONG))
    return place, item.get_closest_marker(_REDEPLOYS) is not None


def missing(what: str) -> None:
    """Skip with a reason on a developer's machine; fail in CI, where everything is installed."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have it: {what}")
    pytest.skip(what)


@pytest.fixture(scope="session")
def cloud() -> Iterator["LocalCloud"]:
    """The template, deployed into an AWS emulated on this machine, with emulated Google and GitHub."""
    from local.cloud import LocalCloud  # noqa: PLC0415 - costs a second, and most tests do without

    with LocalCloud(mailbox_url="http://127.0.0.1:9", prelude=quick_bcrypt.FILE) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def _new_clients() -> None:
    """Discard cached clients of another file: their emulated AWS may have ended."""
    clients.client.cache_clear()
    tables.connection.cache_clear()


@pytest.fixture(autouse=True)
def _reset_counters(request: pytest.FixtureRequest) -> None:
    """Start each test on the local cloud as if the windows of all limits had passed.

    All callers have the address 127.0.0.1. Without this, a fast machine would reach the limits per address.
    """
    if "cloud" in request.fixturenames:
        from tests.local import counters  # noqa: PLC0415 - only tests on the local cloud need it

        counters.reset(request.getfixturevalue("cloud"))
