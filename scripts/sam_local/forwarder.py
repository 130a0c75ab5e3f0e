"""Lets containers reach ports of this machine's loopback address, where `make dev` listens."""

import ipaddress
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Lock, Thread
from typing import Any

from local.processes import LOOPBACK
from scripts.sam_local import CannotRun
from scripts.sam_local.docker import Bridge

_CHUNK = 64 * 1024
_POLL_SECONDS = 0.05


@contextmanager
def forwarding(bridge: Bridge, ports: Iterable[int]) -> Iterator[None]:
    """Forward connections to `ports` of the bridge's own address to the same ports of the loopback address.

    Listens on that address only, and serves callers in the bridge's network only: otherwise a neighbor of this machine
    could reach the address by routing to it. Raises CannotRun if a port is in use.
    """
    with ExitStack() as stack:
        for port in set(ports):
            stack.enter_context(_served(_listening(bridge, port)))
        yield


class _Server(ThreadingTCPServer):
    # A second `make invoke` shares the port, and keeps it when this process ends.
    allow_reuse_address = allow_reuse_port = True

    def __init__(self, bridge: Bridge, port: int) -> None:
        self.network = bridge.network
        self._open: set[socket.socket] = set()
        self._has_ended = False
        self._lock = Lock()
        super().__init__((bridge.address, port), _Connection)

    def verify_request(self, _request: Any, client_address: Any) -> bool:  # noqa: ANN401 - as in the base class
        return ipaddress.ip_address(client_address[0]) in self.network

    @contextmanager
    def kept(self, connection: socket.socket) -> Iterator[None]:
        """Remember an open connection; raises OSError when all have been closed."""
        with self._lock:
            if self._has_ended:
                raise ConnectionAbortedError
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)

    def end(self) -> None:
        """Stop listening, end every connection, and wait for their threads."""
        self.shutdown()
        with self._lock:
            self._has_ended = True
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Connection(BaseRequestHandler):
    server: _Server
    request: socket.socket

    def handle(self) -> None:
        # If `make dev` has ended, or either side breaks off, the other side sees a closed connection.
        with (
            suppress(OSError),
            self.server.kept(self.request),
            socket.create_connection((LOOPBACK, self.server.server_address[1])) as there,
            self.server.kept(there),
        ):
            answering = Thread(target=_copy, args=(there, self.request))
            answering.start()
            _copy(self.request, there)
            answering.join()


def _listening(bridge: Bridge, port: int) -> _Server:
    try:
        return _Server(bridge, port)
    except OSError as problem:
        raise CannotRun(f"port {port} of Docker's address {bridge.address} is in use: {problem}") from problem


@contextmanager
def _served(server: _Server) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="forwarder", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.end()
        thread.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Copy until the source ends, and tell the target."""
    with suppress(OSError):
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
