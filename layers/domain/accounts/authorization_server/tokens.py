"""Reading access tokens: signature, kind, issuer, audience and time (RFC 9068 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts import secrets
from accounts.limits import CLOCK_SKEW
from accounts.model.access_tokens import ALGORITHM, TYPE, AccessToken

_ALLOWED_HEADER = frozenset({"typ", "alg", "kid"})


class AccessTokens:
    """Reads the tokens of one deployment."""

    def __init__(self, issuer: str, keys: Callable[[], Sequence[Mapping[str, str]]]) -> None:
        """``keys`` are ours, as JWKs. Nothing is asked or imported before a token comes."""
        self._issuer = issuer
        self._keys = keys

    def read(self, text: str, now: datetime) -> AccessToken | None:
        """What a good token says, or None; raises Unavailable when the keys cannot be had."""
        # 100 ms of a cold start, which only those pay who are shown a token.
        from joserfc import jwt  # noqa: PLC0415
        from joserfc.errors import JoseError  # noqa: PLC0415
        from joserfc.jwk import KeySet  # noqa: PLC0415

        keys = KeySet.import_key_set({"keys": [dict(key) for key in self._keys()]})
        try:
            token = jwt.decode(text, keys, algorithms=[ALGORITHM])
        # Whatever cannot be decoded is no token of ours: what was sent must not become our fault.
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            return None
        # Ours carry nothing else. A key, or the address of one, in the header would be somebody else's idea.
        if token.header.get("typ") != TYPE or not _ALLOWED_HEADER.issuperset(token.header):
            return None
        return self._said(token.claims, now.timestamp())

    def _said(self, claims: Mapping[str, Any], now: float) -> AccessToken | None:
        user_id, client_id, session = (claims.get(name) for name in ("sub", "client_id", "sid"))
        expires, issued = claims.get("exp"), claims.get("iat")
        if claims.get("iss") != self._issuer or claims.get("aud") != self._issuer:
            return None
        if type(expires) is not int or type(issued) is not int:
            return None
        if not issued - CLOCK_SKEW.total_seconds() <= now < expires:
            return None
        if not (isinstance(user_id, str) and isinstance(client_id, str) and isinstance(session, str)):
            return None
        return AccessToken(user_id, client_id, session) if secrets.is_digest(session) else None
