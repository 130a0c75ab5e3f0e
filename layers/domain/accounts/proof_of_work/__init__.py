"""Proofs of work in the scheme of ALTCHA (version 2), issued and checked here, without another service."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from accounts import secrets
from accounts.errors import Unavailable
from accounts.limits import PROOF_ITERATIONS, PROOF_LIFETIME, PROOF_PREFIX
from accounts.model.proofs import Proof, Purpose

_ALGORITHM = "PBKDF2/SHA-256"
_MIN_KEY_CHARACTERS = 32


class AltchaProofs:
    """Challenges are signed with ``secret``, and bound to their purpose, source and time."""

    def __init__(self, secret: Callable[[], Callable[[], str]]) -> None:
        """``secret`` is created and read when a challenge is issued or checked, which most requests never need."""
        self._read = secret

    def challenge(self, purpose: Purpose, source: str, now: datetime) -> Mapping[str, Any]:
        """A new challenge; raises Unavailable."""
        # Imported here: most requests need no challenge, and it would delay each cold start.
        import altcha  # noqa: PLC0415

        data = {"for": purpose, "source": secrets.digest(source), "until": int((now + PROOF_LIFETIME).timestamp())}
        made: Mapping[str, Any] = altcha.create_challenge(
            _ALGORITHM, PROOF_ITERATIONS, key_prefix=PROOF_PREFIX, data=data, hmac_secret=self._secret()
        ).to_dict()
        return made

    def check(self, text: str, purpose: Purpose, source: str, now: datetime) -> Proof | None:
        """The proof, or None when it is malformed, expired, wrong, or for another purpose or source."""
        import altcha  # noqa: PLC0415

        # The library checks the signature before it computes anything that the caller chose.
        if not altcha.verify_solution(text, self._secret()).verified:
            return None
        signed = json.loads(base64.b64decode(text))["challenge"]
        data = signed["parameters"]["data"]
        expires_at = datetime.fromtimestamp(data["until"], UTC)
        if (data["for"], data["source"]) != (purpose, secrets.digest(source)) or now >= expires_at:
            return None
        return Proof(secrets.digest(signed["signature"]), expires_at)

    def _secret(self) -> str:
        key = self._read()()
        if len(key) < _MIN_KEY_CHARACTERS:
            raise Unavailable
        return key
