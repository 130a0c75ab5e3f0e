"""Secrets from Secrets Manager, cached for a few minutes so that a rotation takes effect without a deployment."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from accounts import secrets
from accounts.aws.clients import client
from accounts.errors import Unavailable
from accounts.model.peppers import Peppers
from accounts.model.providers import NAMES, ClientCredentials

KEPT_SECONDS = 300.0
# Any caller can present an unknown secret, and must not cause a call to Secrets Manager each time.
LOOKED_FOR_SECONDS = 5.0
CURRENT, OUTGOING = "AWSCURRENT", "OUTGOING"
_MIN_SECRET_CHARACTERS = 32


class Secret:
    """One secret's text. Raises Unavailable when it cannot be read or is malformed: fail closed.

    ``stage`` is the label of the version to read. The text is empty when no version has a label other than AWSCURRENT.
    """

    def __init__(self, arn: str, *, stage: str = CURRENT, clock: Callable[[], float] = time.monotonic) -> None:
        """Read on first use."""
        self._arn = arn
        self._stage = stage
        self._client = client("secretsmanager")
        self._clock = clock
        self._text = ""
        self._read_at = -math.inf

    def __call__(self, kept: float = KEPT_SECONDS) -> str:
        """The secret, at most ``kept`` seconds old."""
        if self._clock() - self._read_at >= kept:
            # Taken before the read, so that a concurrent change does not count as known.
            asked_at = self._clock()
            self._text, self._read_at = self._read(), asked_at
        return self._text

    def _read(self) -> str:
        try:
            text: str = self._client.get_secret_value(SecretId=self._arn, VersionStage=self._stage)["SecretString"]
        except (ClientError, BotoCoreError, KeyError) as error:
            if self._stage != CURRENT and _is_missing(error):
                return ""
            raise Unavailable from error
        return text


class PepperSecret:
    """Password peppers: ``{"current": "2", "1": "...", "2": "..."}``, each version at least 32 characters.

    To rotate, add a version and name it current. Keep the old ones: hashes use them until their owners log in.
    """

    def __init__(self, secret: Secret) -> None:
        """Read ``secret`` on each use; it caches."""
        self._secret = secret

    def __call__(self, version: str = "") -> Peppers:
        """The peppers; raises Unavailable when the secret is malformed.

        An unknown ``version`` is read at once: another function already uses it for new hashes. Versions come only
        from the service's own tables, so a caller cannot cause these reads at will.
        """
        peppers = self._peppers(KEPT_SECONDS)
        return peppers if not version or version in peppers.keys else self._peppers(0)

    def _peppers(self, kept: float) -> Peppers:
        stored = _json(self._secret(kept))
        current = str(stored.get("current", ""))
        keys = {version: str(key).encode() for version, key in stored.items() if version != "current"}
        if current not in keys or any(len(key) < _MIN_SECRET_CHARACTERS for key in keys.values()):
            raise Unavailable
        return Peppers(current=current, keys=keys)


class AdminSecret:
    """The secret that other services present, at least 32 characters. During a rotation there are two.

    The replaced version is valid for as long as it is labelled OUTGOING.
    """

    def __init__(self, arn: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Read on first use."""
        self._current = Secret(arn, clock=clock)
        self._outgoing = Secret(arn, stage=OUTGOING, clock=clock)

    def __call__(self, presented: str) -> bool:
        """Whether it is valid. Raises Unavailable when the current secret is too short."""
        return any(self._is_known(presented, kept) for kept in (KEPT_SECONDS, LOOKED_FOR_SECONDS))

    def _is_known(self, presented: str, kept: float) -> bool:
        # In this order: between the two reads, the current version can become the outgoing one, but not the reverse.
        if not _is_long_enough(current := self._current(kept)):
            raise Unavailable
        if secrets.equal(presented, current):
            return True
        outgoing = self._outgoing(kept)
        return _is_long_enough(outgoing) and secrets.equal(presented, outgoing)


class ProviderCredentialsSecret:
    """The service's client credentials at its providers:

    ``{"google": {"client_id": "...", "client_secret": "..."}, "github": {...}}``.

    A provider that is missing or has an empty value is off.
    """

    def __init__(self, secret: Secret) -> None:
        """Read ``secret`` on each use; it caches."""
        self._secret = secret

    def __call__(self) -> Mapping[str, ClientCredentials]:
        """The providers that are on; raises Unavailable when the secret is malformed."""
        stored = _json(self._secret())
        entries = {name: entry for name, entry in stored.items() if name in NAMES and isinstance(entry, dict)}
        found = {name: _credentials(entry) for name, entry in entries.items()}
        return {name: it for name, it in found.items() if it.client_id and it.client_secret}


def _is_long_enough(text: str) -> bool:
    return len(text) >= _MIN_SECRET_CHARACTERS


def _is_missing(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == "ResourceNotFoundException"


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
