"""Only this folder may open sockets, and only to this machine: each test runs the server that it talks to."""

from collections.abc import Iterator

import pytest
from pytest_socket import socket_allow_hosts

from tests.unit.accounts.identity_providers.http.server import Server


@pytest.fixture(autouse=True)
def _no_sockets(socket_enabled: None) -> Iterator[None]:  # noqa: ARG001 - for what it does
    """Loopback only."""
    socket_allow_hosts(["127.0.0.1"])
    yield
    socket_allow_hosts(None)


@pytest.fixture
def server() -> Iterator[Server]:
    """A provider on this machine that answers as a test configures it."""
    with Server() as running:
        yield running
