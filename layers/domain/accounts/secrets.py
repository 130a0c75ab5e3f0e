"""Create, hash and compare secrets.

A secret of 256 random bits may be stored under a plain SHA-256 (ASVS 6.5.2: from 112 bits on). The digest is the item's
key, so there is no comparison whose timing could leak.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets as _random

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TOKEN_BYTES = 32
TOKEN_CHARACTERS = 43
_DIGEST = r"[0-9a-f]{64}"
_TOKEN = rf"[A-Za-z0-9_-]{{{TOKEN_CHARACTERS}}}"


def new_token() -> str:
    """256 random bits as 43 characters of base64url without padding."""
    return _random.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    """Whether the text has the format of ``new_token``. Nothing else needs a lookup."""
    return re.fullmatch(_TOKEN, text) is not None


def is_digest(text: str) -> bool:
    """Whether the text has the format of ``digest``, which the ids of sessions and keys have."""
    return re.fullmatch(_DIGEST, text) is not None


def random_base62(length: int) -> str:
    """``length`` characters of 0-9A-Za-z, uniformly distributed."""
    return "".join(_random.choice(BASE62) for _ in range(length))


def digest(secret: str) -> str:
    """SHA-256 of the UTF-8 text as 64 lowercase hex characters, stored instead of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def successor(secret: str, salt: str) -> str:
    """The successor of ``secret``: HMAC-SHA256 of ``salt`` and ``secret`` (RFC 2104), in the format of ``new_token``.

    Deterministic with both; unguessable without either. ``salt`` is a new ``new_token`` for each successor.
    """
    return base64url(hmac.digest(salt.encode(), secret.encode(), hashlib.sha256))


def base64url(raw: bytes) -> str:
    """Base64url without padding (RFC 7515 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def equal(left: str, right: str) -> bool:
    """Compare two secrets in constant time for their length.

    A header may contain a lone surrogate, which cannot be encoded otherwise: it is unequal, not an error.
    """
    return hmac.compare_digest(left.encode(errors="surrogatepass"), right.encode(errors="surrogatepass"))
