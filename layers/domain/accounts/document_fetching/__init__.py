"""The edge to the hosts of clients: fetches a document whose address a stranger chose.

Runs in a function of its own, which has nothing to steal: no table, no secret, no permission. Still, Lambda's own API
listens on loopback, so the host may only have public addresses, all of them, and the connection is made to one of
those: a second answer of its DNS servers changes nothing. https on port 443, no redirects, no cookies or credentials,
two seconds in all, 5 KB; 32 KB for the one address that the service names itself, GitHub's list of keys.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from typing import Any

import msgspec

from accounts import deadlines
from accounts.document_fetching import freshness
from accounts.document_fetching.addresses import is_public
from accounts.limits import CLIENT_DOCUMENT_MAX_BYTES, CLIENT_DOCUMENT_TOTAL_SECONDS, SCANNER_KEYS_MAX_BYTES
from accounts.model import scanner_keys
from accounts.model.client_documents import Problem, host_of

PORT = 443
_ADDRESSES_TRIED = 2
_OK = 200
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "comfy-accounts",
}

Resolve = Callable[[str], Iterable[str]]
Dial = Callable[[str], socket.socket]


class Refused(Exception):
    """The document cannot be fetched."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def resolve(host: str) -> list[str]:
    """Every address of the host."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)]


def dial(address: str) -> socket.socket:
    """A connection to the address, which is not a name."""
    return socket.create_connection((address, PORT), timeout=CLIENT_DOCUMENT_TOTAL_SECONDS / _ADDRESSES_TRIED)


class DocumentFetching:
    def __init__(self, resolve: Resolve = resolve, dial: Dial = dial, trusted: ssl.SSLContext | None = None) -> None:
        """``trusted`` verifies certificates; by default as every Python program does."""
        self._resolve = resolve
        self._dial = dial
        self._trusted = trusted or ssl.create_default_context()

    def answer(self, url: str) -> dict[str, Any]:
        """The document's ``text`` and ``fresh_seconds``, or the ``problem``."""
        host = host_of(url)
        if not host:
            return {"problem": "not_public"}
        try:
            return self._fetched(host, url)
        except Refused as refused:
            return {"problem": refused.problem}

    def _fetched(self, host: str, url: str) -> dict[str, Any]:
        connection = _Connection(host, self._connected, self._trusted)
        try:
            return deadlines.within(CLIENT_DOCUMENT_TOTAL_SECONDS, lambda: _read(connection, url))
        except TimeoutError as error:
            raise Refused("slow") from error
        except (OSError, HTTPException) as error:
            raise Refused("unreachable") from error
        finally:
            connection.abort()

    def _connected(self, host: str) -> socket.socket:
        addresses = list(self._resolve(host))
        if not addresses or not all(map(is_public, addresses)):
            raise Refused("not_public")
        # Lambda has no route to IPv6 addresses.
        tried = sorted(addresses, key=lambda address: ":" in address)[:_ADDRESSES_TRIED]
        for address in tried[:-1]:
            with suppress(OSError):
                return self._dial(address)
        return self._dial(tried[-1])


class _Connection(HTTPSConnection):
    """https over an open connection. ``sock`` is set before the handshake, so that ``abort`` ends that, too."""

    def __init__(self, host: str, connected: Dial, trusted: ssl.SSLContext) -> None:
        super().__init__(host, PORT, context=trusted)
        self._connected = connected
        self._trusted = trusted
        self._is_aborted = False

    def connect(self) -> None:
        found = self._connected(self.host)
        self._hold(found)
        secured = self._trusted.wrap_socket(found, server_hostname=self.host, do_handshake_on_connect=False)
        self._hold(secured)
        secured.do_handshake()

    def _hold(self, found: socket.socket) -> None:
        """Make it the socket that ``abort`` ends.

        After ``abort``, end it here: a slow DNS server can outlast the time limit, and nothing else would.
        """
        self.sock = found
        if self._is_aborted:
            self.close()
            raise TimeoutError

    def abort(self) -> None:
        """End it, also while another thread waits for its next byte, or before it is made."""
        self._is_aborted = True
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
        self.close()


def _read(connection: _Connection, url: str) -> dict[str, Any]:
    connection.request("GET", url.removeprefix(f"https://{connection.host}"), headers=_HEADERS)
    # The response keeps the socket open until it is closed, too.
    with connection.getresponse() as response:
        return _document(response, _max_bytes(url))


def _max_bytes(url: str) -> int:
    return SCANNER_KEYS_MAX_BYTES if url == scanner_keys.URL else CLIENT_DOCUMENT_MAX_BYTES


def _document(response: HTTPResponse, max_bytes: int) -> dict[str, Any]:
    if response.status != _OK:
        raise Refused("redirect" if 300 <= response.status < 400 else "status")  # noqa: PLR2004
    if not _is_json(response):
        raise Refused("not_json")
    body = response.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise Refused("too_large")
    if response.length:  # bytes that were announced and did not come
        raise Refused("unreachable")
    return {"text": _object(body), "fresh_seconds": freshness.seconds(response.headers)}


def _is_json(response: HTTPResponse) -> bool:
    """By its type, and not compressed, which would make its size uncertain."""
    kind = response.headers.get_content_type()
    is_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    return is_json and response.headers.get("Content-Encoding", "identity").lower() == "identity"


def _object(body: bytes) -> str:
    try:
        is_object = isinstance(msgspec.json.decode(body), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("not_json") from error
    if not is_object:
        raise Refused("not_json")
    return body.decode()
