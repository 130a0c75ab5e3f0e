"""Sessions as the client of the providers makes them, and a clock that a test can wind."""

from collections.abc import Callable

import requests

from accounts.identity_providers.http import BoundedAdapter
from tests.unit.accounts.identity_providers.http.server import Server

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


class Ticking:
    """A clock that goes on by so many seconds each time somebody looks at it."""

    def __init__(self, step: float = 0) -> None:
        """Begin at an odd time."""
        self.now, self.step = 1000.0, step

    def __call__(self) -> float:
        """What time it is."""
        self.now += self.step
        return self.now


def session_to(server: Server, clock: Callable[[], float] | None = None, *others: str) -> requests.Session:
    """As the client of the providers makes it, allowed to call that server alone."""
    session = requests.Session()
    session.trust_env, session.max_redirects = False, 0
    adapter = BoundedAdapter(frozenset({server.origin, *others}), clock=clock or Ticking())
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def get(server: Server, clock: Callable[[], float] | None = None) -> requests.Response:
    """One call."""
    return session_to(server, clock).get(f"{server.origin}/path")
