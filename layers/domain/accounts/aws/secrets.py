"""Secrets from Secrets Manager, kept in memory for a few minutes so that a rotation takes effect without a deploy."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from accounts.aws.clients import client
from accounts.errors import Unavailable
from accounts.passwords import Peppers
from accounts.providers import NAMES, ClientCredentials

KEPT_SECONDS = 300.0
_MIN_SECRET_CHARACTERS = 32


class Secret:
    """One secret's text. Raises Unavailable when it cannot be read or is not what it should be: fail closed."""

    def __init__(self, arn: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Remember which; read nothing yet."""
        self._arn = arn
        self._client = client("secretsmanager")
        self._clock = clock
        self._text = ""
        self._read_at = -KEPT_SECONDS

    def __call__(self) -> str:
        """The secret as it was at most KEPT_SECONDS ago."""
        if not self._text or self._clock() - self._read_at >= KEPT_SECONDS:
            self._text, self._read_at = self._read(), self._clock()
        return self._text

    def _read(self) -> str:
        try:
            text: str = self._client.get_secret_value(SecretId=self._arn)["SecretString"]
        except (ClientError, BotoCoreError, KeyError) as error:
            raise Unavailable from error
        return text


class PepperSecret:
    """Password peppers: ``{"current": "2", "1": "...", "2": "..."}``, each version at least 32 characters.

    To rotate, add a version and name it current; keep the old one until every hash has been made anew at log-in.
    """

    def __init__(self, secret: Secret) -> None:
        """Read from ``secret`` on each use; it remembers."""
        self._secret = secret

    def __call__(self) -> Peppers:
        """The peppers; raises Unavailable when the secret is malformed."""
        stored = _json(self._secret())
        current = str(stored.get("current", ""))
        keys = {version: str(key).encode() for version, key in stored.items() if version != "current"}
        if current not in keys or any(len(key) < _MIN_SECRET_CHARACTERS for key in keys.values()):
            raise Unavailable
        return Peppers(current=current, keys=keys)


class AdminSecret:
    """The secret that other services of the deployment present, at least 32 characters."""

    def __init__(self, secret: Secret) -> None:
        """Read from ``secret`` on each use; it remembers."""
        self._secret = secret

    def __call__(self) -> str:
        """The secret; raises Unavailable when it is too short to be one."""
        text = self._secret()
        if len(text) < _MIN_SECRET_CHARACTERS:
            raise Unavailable
        return text


class ProviderCredentialsSecret:
    """What we are to Google and GitHub: ``{"google": {"client_id": "...", "client_secret": "..."}, "github": {...}}``.

    A provider that is missing or has an empty value is off.
    """

    def __init__(self, secret: Secret) -> None:
        """Read from ``secret`` on each use; it remembers."""
        self._secret = secret

    def __call__(self) -> Mapping[str, ClientCredentials]:
        """The providers that are on; raises Unavailable when the secret is malformed."""
        stored = _json(self._secret())
        entries = {name: entry for name, entry in stored.items() if name in NAMES and isinstance(entry, dict)}
        found = {name: _credentials(entry) for name, entry in entries.items()}
        return {name: it for name, it in found.items() if it.client_id and it.client_secret}


def _credentials(entry: Mapping[str, Any]) -> ClientCredentials:
    return ClientCredentials(str(entry.get("client_id", "")), str(entry.get("client_secret", "")))


def _json(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise Unavailable from error
    if not isinstance(parsed, dict):
        raise Unavailable
    return parsed
