"""SF-02: what a host answers, over a real TLS connection."""

import json
import socket
from collections.abc import Iterable
from threading import Event

import pytest

from accounts import document_fetching
from accounts.document_fetching import PORT
from accounts.limits import CLIENT_DOCUMENT_MAX_BYTES
from tests.unit.accounts.document_fetching.host import ADDRESS, DOCUMENT, JSON, NAME, URL, Host, Internet
from tests.unit.accounts.identity_providers.http.server import drip, hang_up, pieces, reply

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
def internet(host: Host) -> Internet:
    return Internet(host)


def test_a_document_is_fetched_as_it_is(host: Host, internet: Internet) -> None:
    host.behaviours = [reply(DOCUMENT, "200 OK", JSON, "Cache-Control: max-age=60")]

    assert internet.answer() == {"text": DOCUMENT.decode(), "fresh_seconds": 60}
    assert internet.dialled == [ADDRESS]


def test_the_request_has_no_cookies_or_credentials(host: Host, internet: Internet) -> None:
    """The whole request."""
    internet.answer()

    assert host.seen[0].decode().split("\r\n") == [
        "GET /oauth/client.json HTTP/1.1",
        f"Host: {NAME}",
        "Accept: application/json",
        "Accept-Encoding: identity",
        "Connection: close",
        "User-Agent: comfy-accounts",
        "",
        "",
    ]


@pytest.mark.parametrize("kind", ["application/json", "APPLICATION/JSON; charset=utf-8", "application/client+json"])
def test_every_json_type_is_accepted(host: Host, internet: Internet, kind: str) -> None:
    host.behaviours = [reply(DOCUMENT, "200 OK", f"Content-Type: {kind}")]
    assert "text" in internet.answer()


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_no_redirect_is_followed(host: Host, internet: Internet, status: str) -> None:
    host.behaviours = [reply(DOCUMENT, status, JSON, f"Location: {URL}"), reply(DOCUMENT, "200 OK", JSON)]

    assert internet.answer() == {"problem": "redirect"}
    assert host.connections == 1


@pytest.mark.parametrize("status", ["201 Created", "204 No Content", "206 Partial", "404 Not Found", "500 Error"])
def test_only_200_is_a_success(host: Host, internet: Internet, status: str) -> None:
    """Draft 4."""
    host.behaviours = [reply(DOCUMENT, status, JSON)]
    assert internet.answer() == {"problem": "status"}


def test_a_document_has_five_kilobytes_at_most(host: Host, internet: Internet) -> None:
    """Draft 8.7. Counted in bytes."""
    shell = json.dumps({"name": ""}).encode()
    fitting = shell[:-2] + b"x" * (CLIENT_DOCUMENT_MAX_BYTES - len(shell)) + shell[-2:]
    host.behaviours = [reply(fitting, "200 OK", JSON)]
    assert internet.answer()["text"] == fitting.decode()

    host.behaviours = [reply(fitting + b" ", "200 OK", JSON)]
    assert internet.answer() == {"problem": "too_large"}


def test_no_more_than_five_kilobytes_are_read(host: Host, internet: Internet) -> None:
    """Whatever the length says, and without one."""
    endless = b"x" * (CLIENT_DOCUMENT_MAX_BYTES + 1)
    for head in (b"Content-Length: 999999999\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\nffffff\r\n"):
        host.behaviours = [pieces(OK + head, endless)]
        assert internet.answer() == {"problem": "too_large"}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'"text"', b"null", b"{", b'{"a": 1} x', b"\xff{}", b'{"a": "\xff"}', b"[" * 5000, b"<html>"]
)
def test_only_a_json_object_is_accepted(host: Host, internet: Internet, body: bytes) -> None:
    host.behaviours = [reply(body, "200 OK", JSON)]
    assert internet.answer() == {"problem": "not_json"}


@pytest.mark.parametrize("header", ["Content-Type: text/html", "Content-Type: text/json", "X-Content-Type: none"])
def test_another_type_is_refused(host: Host, internet: Internet, header: str) -> None:
    """A page that lets people upload files may serve JSON as text."""
    host.behaviours = [reply(DOCUMENT, "200 OK", header)]
    assert internet.answer() == {"problem": "not_json"}


def test_a_compressed_answer_is_refused(host: Host, internet: Internet) -> None:
    """Five kilobytes of it could be five megabytes of text."""
    host.behaviours = [reply(DOCUMENT, "200 OK", JSON, "Content-Encoding: gzip")]
    assert internet.answer() == {"problem": "not_json"}


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", OK + b"a" * 70_000])
def test_an_answer_that_is_not_http_is_refused(host: Host, internet: Internet, answer: bytes) -> None:
    host.behaviours = [lambda connection, _host: connection.sendall(answer)]
    assert internet.answer() == {"problem": "unreachable"}


def test_a_host_that_hangs_up_is_refused(host: Host, internet: Internet) -> None:
    host.behaviours = [hang_up]
    assert internet.answer() == {"problem": "unreachable"}


def test_an_answer_that_ends_too_early_is_refused(host: Host, internet: Internet) -> None:
    """Even if the part that came is JSON."""
    host.behaviours = [reply(b"{}", "200 OK", JSON, length=100)]
    assert internet.answer() == {"problem": "unreachable"}


def test_the_certificate_must_be_the_hosts(host: Host) -> None:
    other = "other.example.com"
    internet = Internet(host, dns={other: [[ADDRESS]]})

    assert internet.answer(f"https://{other}/client.json") == {"problem": "unreachable"}
    assert host.seen == []


def test_the_certificate_must_be_signed_by_a_trusted_authority(internet: Internet) -> None:
    """By default, those that every Python program trusts; the test's is none of them."""
    fetching = document_fetching.DocumentFetching(internet.resolve, internet.dial)

    assert fetching.answer(URL) == {"problem": "unreachable"}
    assert internet.host.seen == []


@pytest.mark.parametrize(
    "behaviour",
    [
        pieces(),
        pieces(OK),
        pieces(OK + b"Content-Length: 20\r\n\r\n{"),
        drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: 1\r\n", pause=0.001),
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"1", pause=0.001),
        drip(OK + b"Content-Length: 5000\r\n\r\n", b" ", pause=0.01),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.001),
    ],
)
def test_a_slow_host_is_given_up(
    host: Host, internet: Internet, monkeypatch: pytest.MonkeyPatch, behaviour: object
) -> None:
    """However it spreads its bytes."""
    monkeypatch.setattr(document_fetching, "CLIENT_DOCUMENT_TOTAL_SECONDS", 0.05)
    host.behaviours = [behaviour]  # type: ignore[list-item]

    assert internet.answer()["problem"] in {"slow", "unreachable"}


def test_a_slow_host_loses_the_connection(host: Host, internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise each slow document would leave a thread behind, which goes on while its host sends bytes."""
    monkeypatch.setattr(document_fetching, "CLIENT_DOCUMENT_TOTAL_SECONDS", 0.05)
    host.behaviours = [drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"1", pause=0.001)]

    assert internet.answer() == {"problem": "slow"}
    assert host.left.wait(10)


def test_a_host_whose_dns_is_slow_is_asked_for_nothing(
    host: Host, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its addresses come when the time is over: otherwise the request would go on without a time limit."""
    monkeypatch.setattr(document_fetching, "CLIENT_DOCUMENT_TOTAL_SECONDS", 0.05)
    over = Event()

    def resolve(name: str) -> Iterable[str]:
        over.wait(10)
        return internet.resolve(name)

    fetching = document_fetching.DocumentFetching(resolve, internet.dial, host.trusted)
    assert fetching.answer(URL) == {"problem": "slow"}
    over.set()

    assert host.hung_up.wait(10)
    assert host.seen == []


def test_a_host_that_does_not_shake_hands_is_given_up(
    host: Host, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_fetching, "CLIENT_DOCUMENT_TOTAL_SECONDS", 0.05)
    host.handshakes = False

    assert internet.answer() == {"problem": "slow"}


def test_the_default_resolver_and_connection_use_port_443(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a name, all its addresses; with an address, one connection to it."""
    asked: list[object] = []
    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ADDRESS, PORT))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **_: asked.append(args) or [entry])
    monkeypatch.setattr(socket, "create_connection", lambda *args, **limit: asked.append((*args, limit)))

    assert document_fetching.resolve(NAME) == [ADDRESS]
    document_fetching.dial(ADDRESS)
    assert asked == [(NAME, 443), ((ADDRESS, 443), {"timeout": 1.0})]
