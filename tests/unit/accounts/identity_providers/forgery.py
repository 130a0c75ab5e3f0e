"""Google's keys, an attacker's keys, and ID tokens signed with either, built by hand so that they can say anything."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts.identity_providers.google import PinnedKeys, check_id_token
from tests.unit.accounts.stage import later

CLIENT_ID, NONCE = "our-client-id.apps.example.com", "the-nonce-of-this-sign-in"
ACCESS_TOKEN = "canary-access-token"
ISSUER = "https://accounts.google.com"
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """The RSA key of that name: ``google``, ``google-next``, ``attacker``."""
    assert name
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    """A key on a curve."""
    return ec.generate_private_key(ec.SECP256R1())


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def at_hash(access_token: str, algorithm: str = "sha256") -> str:
    """The left half of the token's hash (OpenID Connect Core 3.1.3.6)."""
    digest = hashlib.new(algorithm, access_token.encode()).digest()
    return b64(digest[: len(digest) // 2])


def public_jwk(name: str = "google", kid: str | None = "google", **more: Any) -> dict[str, Any]:
    """The public half, as in a JWK Set."""
    numbers = rsa_key(name).public_key().public_numbers()
    n, e = (b64(number.to_bytes(-(-number.bit_length() // 8))) for number in (numbers.n, numbers.e))
    return {"kty": "RSA", "n": n, "e": e, "use": "sig", "alg": "RS256", **({"kid": kid} if kid else {}), **more}


def ec_jwk(kid: str) -> dict[str, Any]:
    """The public half of the key on a curve."""
    numbers = ec_key().public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": b64(numbers.x.to_bytes(32)), "y": b64(numbers.y.to_bytes(32)), "kid": kid}


def key_set(*keys: dict[str, Any]) -> dict[str, Any]:
    """A JWK Set; Google's one key unless others are given."""
    return {"keys": list(keys) or [public_jwk()]}


def pem() -> bytes:
    """Google's public key in PEM, which an attacker would use as the secret of HS256."""
    return rsa_key("google").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def claims(now: datetime, **changes: Any) -> dict[str, Any]:
    """Google's claims about the person, with those in ``changes`` replaced; ``...`` removes a claim."""
    seconds = int(now.timestamp())
    said = {
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "azp": CLIENT_ID,
        "sub": "110169484474386276334",
        "nonce": NONCE,
        "iat": seconds,
        "exp": seconds + 3600,
        "email": "Olive@Example.com",
        "email_verified": True,
        "name": "Olive",
        **changes,
    }
    return {name: value for name, value in said.items() if value is not ...}


def token(
    payload: Any, header: dict[str, Any] | str | None = None, *, key: str = "google", signed_as: str = "RS256"
) -> str:
    """An ID token with that payload. A header or payload that is a string is used unchanged."""
    head = (
        header
        if isinstance(header, str)
        else json.dumps({"alg": "RS256", "kid": "google", "typ": "JWT"} | (header or {}))
    )
    body = payload if isinstance(payload, str) else json.dumps(payload)
    signed = f"{b64(head.encode())}.{b64(body.encode())}"
    return f"{signed}.{b64(signature(signed.encode(), key, signed_as))}"


def signature(text: bytes, key: str, algorithm: str) -> bytes:
    """A real signature by that algorithm."""
    kind, bits = algorithm[:2], algorithm[2:]
    if algorithm == "none":
        return b""
    digest = _HASHES[bits]()
    if kind == "RS":
        return rsa_key(key).sign(text, padding.PKCS1v15(), digest)
    if kind == "PS":
        return rsa_key(key).sign(text, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    if kind == "ES":
        r, s = decode_dss_signature(ec_key().sign(text, ec.ECDSA(digest)))
        return r.to_bytes(32) + s.to_bytes(32)
    return hmac.digest(pem(), text, getattr(hashlib, f"sha{bits}"))


def check(text: str, *keys: dict[str, Any], nonce: str = NONCE, seconds: float = 0) -> Any:
    """What the provider does with a token, from its header to its last claim."""
    now = later(seconds=seconds)
    pinned = PinnedKeys(lambda: key_set(*keys))
    return check_id_token(
        text, pinned.for_token(text, now), client_id=CLIENT_ID, nonce=nonce, access_token=ACCESS_TOKEN, now=now
    )
