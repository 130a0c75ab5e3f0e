"""The edge to a list of leaked passwords, asked by range so that it never learns which password is meant."""

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
    """What the deployment's setting ``lookup`` asks for: ``on`` or ``off``; raises ConfigurationError."""
    if lookup not in {"on", "off"}:
        message = "BREACHED_PASSWORD_LOOKUP must be on or off."
        raise ConfigurationError(message)
    return PwnedPasswords(on_failure=on_failure) if lookup == "on" else NoBreachList()


class NoBreachList:
    """For deployments that ask nobody; the bundled list still stands."""

    def contains(self, password: str) -> bool:  # noqa: ARG002 - the protocol's
        """Never."""
        return False


class PwnedPasswords:
    """The Pwned Passwords range service.

    When it is slow or down the password is accepted on the strength of the bundled list, and ``on_failure`` is told: a
    third party's outage must not stop people from signing up (design, promise 7).
    """

    def __init__(
        self, pool: urllib3.PoolManager | None = None, on_failure: Callable[[Exception], None] = lambda _: None
    ) -> None:
        """``pool`` makes the calls; ``on_failure`` counts those that failed."""
        self._pool = pool or urllib3.PoolManager(retries=False)
        self._on_failure = on_failure

    def contains(self, password: str) -> bool:
        """Whether the password has leaked at least once; False when the service does not say in time."""
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
            # One that was read to its end is in the pool again already; any other would spoil the next lookup there.
            response.close()


def _is_hit(line: str, suffix: str) -> bool:
    """A line is ``SUFFIX:COUNT``; padding lines have the count 0."""
    found, _, count = line.partition(":")
    return found == suffix and count.strip() not in {"", "0"}
