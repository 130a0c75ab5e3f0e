"""The edge to the Pwned Passwords service, queried by hash prefix, which does not reveal the password."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import urllib3

from accounts.errors import ConfigurationError
from accounts.model.passwords import BreachedPasswords

RANGE_URL = "https://api.pwnedpasswords.com/range/"
# k-anonymity: only the first five hex characters of the SHA-1 leave this process.
_PREFIX_CHARACTERS = 5
_TIMEOUT = urllib3.Timeout(connect=0.5, read=1.0, total=1.2)
_MAX_BODY_BYTES = 256 * 1024


def breach_list(lookup: str, *, on_failure: Callable[[Exception], None]) -> BreachedPasswords:
    """The list for the setting ``lookup``, ``on`` or ``off``; raises ConfigurationError."""
    if lookup not in {"on", "off"}:
        message = "BREACHED_PASSWORD_LOOKUP must be on or off."
        raise ConfigurationError(message)
    return PwnedPasswords(on_failure=on_failure) if lookup == "on" else NoBreachList()


class NoBreachList:
    """For deployments that query no service. The bundled list of common passwords still applies."""

    def contains(self, password: str) -> bool:  # noqa: ARG002 - the protocol's
        return False


class PwnedPasswords:
    """The Pwned Passwords range service.

    When it is slow or down, only the bundled list applies, and ``on_failure`` is called: an outage of a third party
    must not prevent sign-ups.
    """

    def __init__(
        self, pool: urllib3.PoolManager | None = None, on_failure: Callable[[Exception], None] = lambda _: None
    ) -> None:
        self._pool = pool or urllib3.PoolManager(retries=False)
        self._on_failure = on_failure

    def contains(self, password: str) -> bool:
        """Whether the password has leaked; False when the service does not respond in time."""
        sha1 = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            body = self._range(sha1[:_PREFIX_CHARACTERS])
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            self._on_failure(error)
            return False
        return any(_is_hit(line, sha1[_PREFIX_CHARACTERS:]) for line in body.splitlines())

    def _range(self, prefix: str) -> str:
        headers = {"Add-Padding": "true", "User-Agent": "comfy-accounts"}
        response = self._pool.request(
            "GET", RANGE_URL + prefix, headers=headers, timeout=_TIMEOUT, redirect=False, preload_content=False
        )
        try:
            if response.status != 200:  # noqa: PLR2004
                message = f"status {response.status}"
                raise ValueError(message)
            return response.read(_MAX_BODY_BYTES).decode("ascii")
        finally:
            # Closes a connection with unread data; one that was read to its end is already back in the pool.
            response.close()


def _is_hit(line: str, suffix: str) -> bool:
    """A line is ``SUFFIX:COUNT``; padding lines have the count 0."""
    found, _, count = line.partition(":")
    return found == suffix and count.strip() not in {"", "0"}
