"""Calls to providers over a real socket: connections that fail, and servers that are slow (OA-17)."""

import socket
import time

import pytest

from accounts.errors import ProviderUnavailable
from accounts.identity_providers import http
from accounts.identity_providers.http import BoundedAdapter
from accounts.limits import PROVIDER_TOTAL_SECONDS
from tests.unit.accounts.identity_providers.http.server import Server, drip, hang_up, pieces
from tests.unit.accounts.identity_providers.http.sessions import HEAD, Ticking, get, session_to


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a" * 70_000,
    ],
)
def test_an_answer_that_is_not_http_is_the_providers_error(server: Server, answer: bytes) -> None:
    server.behaviours = [lambda connection, _server: connection.sendall(answer)]
    with pytest.raises(ProviderUnavailable):
        get(server)


def test_a_request_is_not_sent_again_after_the_server_hung_up(server: Server) -> None:
    """RFC 6749 4.1.2: the server may have used the code, and a second use may revoke what the first one granted."""
    server.behaviours = [hang_up]
    with pytest.raises(ProviderUnavailable):
        session_to(server).post(server.origin, data={"code": "secret"})

    assert server.connections == 1


def _count_connects(monkeypatch: pytest.MonkeyPatch, failures: int, error: Exception) -> list[object]:
    """Let the first ``failures`` connections fail."""
    tried: list[object] = []
    connect = socket.socket.connect

    def failing(self: socket.socket, address: object) -> None:
        tried.append(address)
        if len(tried) <= failures:
            raise error
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", failing)
    return tried


FAILURES = [ConnectionRefusedError(), TimeoutError(), OSError("no route"), ConnectionResetError()]


@pytest.mark.parametrize("error", FAILURES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_failed_connection_is_tried_once_more(
    server: Server, monkeypatch: pytest.MonkeyPatch, method: str, error: Exception
) -> None:
    """Nothing has been sent, so even a POST may be repeated."""
    tried = _count_connects(monkeypatch, 1, error)

    assert session_to(server).request(method, server.origin).status_code == 200
    assert (len(tried), server.connections) == (2, 1)


@pytest.mark.parametrize("error", FAILURES)
def test_a_failed_connection_is_not_tried_a_third_time(
    server: Server, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tried = _count_connects(monkeypatch, 10, error)
    with pytest.raises(ProviderUnavailable):
        get(server)

    assert (len(tried), server.connections) == (2, 0)


def test_a_slow_body_is_aborted_when_its_time_is_over(server: Server) -> None:
    """The clock is read at each chunk: each drop comes in time, but not all of them together."""
    server.behaviours = [drip(HEAD + b"\r\n", b"a", 0.01)]
    clock = Ticking(1.0)
    with pytest.raises(ProviderUnavailable):
        get(server, clock)

    assert 1005 < clock.now < 1010


SILENCES = {
    "no answer": pieces(),
    "half a status line": pieces(b"HTTP/1.1 20"),
    "headers that come drop by drop": drip(HEAD, b"X: y\r\n", 0.02),
    "one header that comes letter by letter": drip(HEAD + b"X: ", b"y", 0.02),
    "half a body": pieces(HEAD + b"Content-Length: 10\r\n\r\nabc"),
    "half a chunk": pieces(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"),
    "a body that comes drop by drop": drip(HEAD + b"\r\n", b"a", 0.02),
}


@pytest.mark.parametrize("silence", SILENCES)
def test_a_slow_provider_is_aborted_in_time(server: Server, monkeypatch: pytest.MonkeyPatch, silence: str) -> None:
    """After the total time, here 0.2 seconds, whatever arrives in between; no other limit and no server ends it."""
    monkeypatch.setattr(http, "PROVIDER_TOTAL_SECONDS", 0.2)
    server.behaviours = [SILENCES[silence]]
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        get(server, time.monotonic)

    assert time.monotonic() - began < PROVIDER_TOTAL_SECONDS


def test_timeouts_of_the_caller_are_ignored(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are fixed."""
    monkeypatch.setattr(http, "PROVIDER_TOTAL_SECONDS", 0.1)
    server.behaviours = [pieces()]
    with pytest.raises(ProviderUnavailable):
        session_to(server, time.monotonic).get(server.origin, timeout=3600)

    assert server.connections == 1


def test_connecting_may_take_two_of_the_five_seconds() -> None:
    """And less if less is left."""
    clock = Ticking()
    adapter = BoundedAdapter(frozenset(), clock=clock)

    assert [adapter._timeout(clock.now + left) for left in (5, 2, 1.5)] == [(2.0, 5.0), (2.0, 2.0), (1.5, 1.5)]
