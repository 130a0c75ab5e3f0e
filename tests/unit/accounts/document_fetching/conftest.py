"""Only this folder may open sockets, and only to this machine: each test runs the host that it fetches from."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import socket_allow_hosts

from tests.unit.accounts.document_fetching.host import Authority, Host


@pytest.fixture(autouse=True)
def _no_sockets(socket_enabled: None) -> Iterator[None]:  # noqa: ARG001 - for what it does
    """Loopback only."""
    socket_allow_hosts(["127.0.0.1"])
    yield
    socket_allow_hosts(None)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return Authority(folder)


@pytest.fixture
def host(authority: Authority) -> Iterator[Host]:
    with Host(authority) as running:
        yield running
