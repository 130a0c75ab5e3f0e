"""A provider on this machine: raw bytes over a real socket, so that it can misbehave in every way that a server can."""

import socket
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

Behaviour = Callable[[socket.socket, "Server"], None]


class Server:
    """Answers each connection with the next of ``behaviours``, and all further ones with the last.

    ``seen`` has each request, ``connections`` counts connections, ``released`` ends those that keep the caller waiting.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.behaviours: list[Behaviour] = [reply(b"{}")]
        self.seen: list[bytes] = []
        self.connections = 0
        self.released = Event()
        self._threads: list[Thread] = []
        self._main = Thread(target=self._serve)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._main.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and wait for every thread, so that nothing of one test happens in the next."""
        self.released.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._main, *self._threads):
            thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            behaviour = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
            self.connections += 1
            thread = Thread(target=self._answer, args=(connection, behaviour))
            self._threads.append(thread)
            thread.start()

    def _answer(self, connection: socket.socket, behaviour: Behaviour) -> None:
        with connection:
            try:
                self.seen.append(_read(connection))
                behaviour(connection, self)
            except OSError:
                return


def reply(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> Behaviour:
    """One complete response."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", "Connection: close")
    head = "\r\n".join((*lines, *headers)).encode() + b"\r\n\r\n"
    return lambda connection, _server: connection.sendall(head + body)


def pieces(*parts: bytes) -> Behaviour:
    """These bytes, and then the connection stays open until the test is over."""

    def behave(connection: socket.socket, server: Server) -> None:
        for part in parts:
            connection.sendall(part)
        server.released.wait(60)

    return behave


def hang_up(connection: socket.socket, _server: Server) -> None:
    """Read the request and close."""
    connection.shutdown(socket.SHUT_RDWR)


def drip(head: bytes, drop: bytes, pause: float) -> Behaviour:
    """The head, and then one drop at a time until the client closes."""

    def behave(connection: socket.socket, server: Server) -> None:
        connection.sendall(head)
        while not server.released.wait(pause):
            connection.sendall(drop)

    return behave


def _read(connection: socket.socket) -> bytes:
    """A request with its body."""
    read = b""
    while b"\r\n\r\n" not in read:
        got = connection.recv(65536)
        if not got:
            return read
        read += got
    head, _, body = read.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
