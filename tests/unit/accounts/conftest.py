"""Tests in this folder open no socket, and can read the log."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.log import written
from tests.unit.accounts.stage import Service


@pytest.fixture(autouse=True)
def _no_sockets(socket_disabled: None) -> None:
    """Same as ``--disable-socket``, for this folder."""


@pytest.fixture
def service() -> Service:
    """The whole domain over an empty in-memory world."""
    return Service()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What telemetry writes."""
    with written() as stream:
        yield stream


@pytest.fixture
def logged(log: io.StringIO) -> Callable[[], list[dict[str, Any]]]:
    """What telemetry has written so far, line by line."""
    return lambda: [json.loads(line) for line in log.getvalue().removesuffix("\n").split("\n")]
