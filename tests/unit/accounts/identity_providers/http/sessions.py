"""Sessions like those of the providers' client, and a clock that a test controls."""

from collections.abc import Callable

import requests

from accounts.identity_providers.http import BoundedAdapter
from tests.unit.accounts.identity_providers.http.server import Server

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


class Ticking:
    """A clock that advances by ``step`` seconds each time it is read."""

    def __init__(self, step: float = 0) -> None:
        self.now, self.step = 1000.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def session_to(server: Server, clock: Callable[[], float] | None = None, *others: str) -> requests.Session:
    """A session of the providers' client that may call only that server."""
    session = requests.Session()
    session.trust_env, session.max_redirects = False, 0
    adapter = BoundedAdapter(frozenset({server.origin, *others}), clock=clock or Ticking())
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def get(server: Server, clock: Callable[[], float] | None = None) -> requests.Response:
    """One call."""
    return session_to(server, clock).get(f"{server.origin}/path")
