"""Making, digesting and comparing secrets. Nothing here knows what a secret is for.

A secret of 256 random bits may be stored under a plain SHA-256 (ASVS 6.5.2: from 112 bits on), and because the digest
is the item's key there is no comparison whose time could tell anything.
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
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_CHARACTERS}}}")


def new_token() -> str:
    """256 random bits as 43 characters of base64url without padding."""
    return _random.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    """Whether the text can be one that ``new_token`` made; anything else is not worth looking for."""
    return _TOKEN.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Whether the text can be one that ``digest`` made: the id of a session or a key."""
    return _DIGEST.fullmatch(text) is not None


def random_base62(length: int) -> str:
    """``length`` characters, each of 0-9A-Za-z with equal chance."""
    return "".join(_random.choice(BASE62) for _ in range(length))


def digest(secret: str) -> str:
    """SHA-256 of the UTF-8 text, as 64 lower-case hex characters: what is stored instead of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def successor(secret: str, salt: str) -> str:
    """The token that follows ``secret``: the same each time for who has both, and worth 256 bits to who lacks either.

    ``salt`` is a ``new_token``, another for each successor. HMAC (RFC 2104) with SHA-256, written as ``new_token`` is.
    """
    return base64url(hmac.digest(salt.encode(), secret.encode(), hashlib.sha256))


def base64url(raw: bytes) -> str:
    """In base64url without padding (RFC 7515 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def equal(left: str, right: str) -> bool:
    """Whether two secrets are the same, in time that tells nothing but their length.

    What a header holds need not be encodable: a lone surrogate is wrong, not our fault.
    """
    return hmac.compare_digest(left.encode(errors="surrogatepass"), right.encode(errors="surrogatepass"))
