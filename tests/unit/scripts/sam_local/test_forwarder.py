"""The way from containers back to this machine: one address, its own network, for as long as it is entered."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import closing
from ipaddress import IPv4Network

import pytest

from scripts.sam_local import CannotRun
from scripts.sam_local.docker import Bridge
from scripts.sam_local.forwarder import forwarding

# Every address of 127.0.0.0/8 is this machine's own on Linux; this one plays the bridge's.
ADDRESS = "127.8.8.1"
NEAR, FAR = IPv4Network("127.0.0.0/8"), IPv4Network("192.0.2.0/24")

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "AF_PACKET"), reason="only Linux listens on every address of 127.0.0.0/8"
)


class _Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(self.rfile.readline().upper())


@pytest.fixture
def port() -> Iterator[int]:
    """A server on the loopback address, as `make dev` is; answers a line in capitals."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def said(port: int, text: bytes = b"hello\n") -> bytes:
    """What comes back through the bridge's address until it closes the connection."""
    with closing(socket.create_connection((ADDRESS, port), timeout=10)) as connection:
        connection.sendall(text)
        with connection.makefile("rb") as answer:
            return answer.read()


def listens(address: str, port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex((address, port)) == 0


def test_a_caller_in_the_network_reaches_the_loopback_address(port: int) -> None:
    with forwarding(Bridge(ADDRESS, NEAR), [port, port]):
        assert [said(port) for _ in range(3)] == [b"HELLO\n"] * 3


def test_a_caller_outside_the_network_reaches_nothing(port: int) -> None:
    """A neighbor could send packets for the bridge's address to this machine."""
    with forwarding(Bridge(ADDRESS, FAR), [port]), closing(socket.create_connection((ADDRESS, port), 10)) as far:
        assert far.recv(1) == b""


def test_it_listens_on_one_address_and_only_while_it_is_entered(port: int) -> None:
    with forwarding(Bridge(ADDRESS, NEAR), [port]):
        assert (listens(ADDRESS, port), listens("127.8.8.2", port)) == (True, False)
    assert not listens(ADDRESS, port)


def test_leaving_ends_open_connections(port: int) -> None:
    """One that is served, and one that has only connected."""
    with forwarding(Bridge(ADDRESS, NEAR), [port]):
        served, connected = (socket.create_connection((ADDRESS, port), timeout=10) for _ in range(2))
        served.sendall(b"half a line")
    assert [_is_over(it) for it in (served, connected)] == [True, True]


def _is_over(connection: socket.socket) -> bool:
    with closing(connection):
        try:
            return connection.recv(1) == b""
        except ConnectionResetError:  # It was not accepted yet.
            return True


def test_two_at_a_time_share_a_port_and_the_last_one_keeps_it(port: int) -> None:
    """`make invoke` beside a running `make start-api`."""
    bridge = Bridge(ADDRESS, NEAR)
    with forwarding(bridge, [port]):
        with forwarding(bridge, [port]):
            assert said(port) == b"HELLO\n"
        assert [said(port) for _ in range(5)] == [b"HELLO\n"] * 5


def test_a_server_that_has_ended_closes_the_connection() -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = unused.getsockname()[1]
    with forwarding(Bridge(ADDRESS, NEAR), [nowhere]):
        assert said(nowhere, b"") == b""


def test_a_port_of_another_program_is_named() -> None:
    with closing(socket.socket()) as other:
        other.bind((ADDRESS, 0))
        other.listen()
        taken = other.getsockname()[1]
        refused = pytest.raises(CannotRun, match=f"port {taken} of Docker's address 127.8.8.1 is in use")
        with refused, forwarding(Bridge(ADDRESS, NEAR), [taken]):
            pass
