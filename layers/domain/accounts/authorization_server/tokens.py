"""Reading access tokens: signature, kind, issuer, audience and time (RFC 9068 4)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from accounts import secrets
from accounts.limits import CLOCK_SKEW
from accounts.model.access_tokens import ALGORITHM, TYPE, AccessToken

_Claims = tuple[str, str, str, str]
_ALLOWED_HEADER = frozenset({"typ", "alg", "kid"})


class AccessTokens:
    """Accepts tokens for ``audiences``, and for no other.

    ``keys`` returns the service's public JWKs; called, and joserfc imported, only when a token is read.
    """

    def __init__(
        self, issuer: str, keys: Callable[[], Sequence[Mapping[str, str]]], audiences: Collection[str]
    ) -> None:
        self._issuer = issuer
        self._audiences = tuple(audiences)
        self._keys = keys

    def read(self, text: str, now: datetime) -> AccessToken | None:
        """The claims of a valid token, or None; raises Unavailable when the keys cannot be loaded."""
        # Importing takes 100 ms of a cold start: pay it only when a token is presented.
        from joserfc import jwt  # noqa: PLC0415
        from joserfc.errors import JoseError  # noqa: PLC0415
        from joserfc.jwk import KeySet  # noqa: PLC0415

        keys = KeySet.import_key_set({"keys": [dict(key) for key in self._keys()]})
        try:
            token = jwt.decode(text, keys, algorithms=[ALGORITHM])
        # Undecodable input is an invalid token, not an internal error.
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            return None
        # The service sets these headers only. A forged token could name its own key in another (jwk, jku, x5u).
        if token.header.get("typ") != TYPE or not _ALLOWED_HEADER.issuperset(token.header):
            return None
        return self._said(token.claims, now.timestamp())

    def _said(self, claims: Mapping[str, Any], now: float) -> AccessToken | None:
        expires, issued = claims.get("exp"), claims.get("iat")
        if claims.get("iss") != self._issuer or claims.get("aud") not in self._audiences:
            return None
        if type(expires) is not int or type(issued) is not int:
            return None
        if not issued - CLOCK_SKEW.total_seconds() <= now < expires:
            return None
        try:
            token = msgspec.convert([claims.get(name) for name in ("sub", "client_id", "sid", "scope")], _Claims)
        except msgspec.ValidationError:
            return None
        return AccessToken(*token) if secrets.is_digest(token[2]) else None
