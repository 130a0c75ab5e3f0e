"""The keys that sign access tokens. They never leave KMS.

There are always two, and both are published, so that services which cache the public keys know the next one before it
signs anything. A key that is disabled in KMS is no longer published, and tokens that it signed are refused.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from accounts import secrets
from accounts.aws.clients import client
from accounts.errors import SigningUnavailable, Unavailable
from accounts.model.access_tokens import ALGORITHM, TYPE
from accounts.settings import Settings

KEPT_SECONDS = 300.0
_COORDINATE_BYTES = 32
_INTEGER, _SEQUENCE = 0x02, 0x30
_NO_SIGNATURE = "KMS sent something else than a signature in DER."
_KEY_ID_CHARACTERS = 16
_WITHDRAWN = frozenset({"DisabledException", "KMSInvalidStateException", "NotFoundException"})


class SigningKeys:
    """``current`` signs; ``others`` are published too, because they signed before or will later."""

    def __init__(self, current: str, *others: str, clock: Callable[[], float] = time.monotonic) -> None:
        """KMS key ids or ARNs. The client is created on first use: most requests bring no token."""
        self._current = current
        self._others = others
        self._clock = clock
        self._public: Sequence[Mapping[str, str]] = ()
        self._read_at = 0.0

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The claims as a JWT (RFC 7515, RFC 9068); raises Unavailable."""
        header = {"typ": TYPE, "alg": ALGORITHM, "kid": _key_id(self._current)}
        signed = f"{_segment(header)}.{_segment(claims)}"
        # KMS hashes messages of up to 4096 bytes; the limits of addresses and scopes keep these shorter.
        answer = self._ask("sign", KeyId=self._current, Message=signed.encode(), SigningAlgorithm="ECDSA_SHA_256")
        return f"{signed}.{secrets.base64url(_side_by_side(answer['Signature']))}"

    def public(self) -> Sequence[Mapping[str, str]]:
        """The public keys as JWKs (RFC 7517), the current one first; raises Unavailable."""
        if not self._public or self._clock() - self._read_at >= KEPT_SECONDS:
            found = (self._jwk(key) for key in (self._current, *self._others))
            self._public, self._read_at = [jwk for jwk in found if jwk], self._clock()
        return self._public

    def _jwk(self, key: str) -> Mapping[str, str] | None:
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

        try:
            public = load_der_public_key(self._ask("get_public_key", KeyId=key)["PublicKey"])
        except Unavailable as error:
            if key != self._current and _is_withdrawn(error.__cause__):
                return None
            raise
        if not isinstance(public, EllipticCurvePublicKey):
            raise SigningUnavailable
        numbers = public.public_numbers()
        point = {"x": secrets.base64url(_bytes(numbers.x)), "y": secrets.base64url(_bytes(numbers.y))}
        return {"kty": "EC", "crv": "P-256", "use": "sig", "alg": ALGORITHM, "kid": _key_id(key), **point}

    def _ask(self, operation: str, **asked: Any) -> Mapping[str, Any]:  # noqa: ANN401 - botocore's own arguments
        try:
            answer: Mapping[str, Any] = getattr(client("kms"), operation)(**asked)
        except (ClientError, BotoCoreError) as error:
            raise SigningUnavailable from error
        return answer


def signing_keys(settings: Settings) -> SigningKeys:
    """The deployment's keys."""
    a, b = settings["SIGNING_KEY_A"], settings["SIGNING_KEY_B"]
    return SigningKeys(a, b) if settings["SIGN_WITH"] == "A" else SigningKeys(b, a)


def _is_withdrawn(error: BaseException | None) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in _WITHDRAWN


def _key_id(key: str) -> str:
    """A name for the key that does not reveal its ARN."""
    return secrets.digest(key)[:_KEY_ID_CHARACTERS]


def _segment(part: Mapping[str, Any]) -> str:
    return secrets.base64url(json.dumps(part, separators=(",", ":")).encode())


def _side_by_side(signature: bytes) -> bytes:
    """The two numbers of a signature, which KMS sends in ASN.1, as a JWS has them (RFC 7518 3.4).

    Read here, because importing cryptography for it would take an eighth of the token endpoint's cold start. Raises
    ValueError for anything but two numbers in DER.
    """
    end_of_first = 4 + int.from_bytes(signature[3:4])
    r, s = int.from_bytes(signature[4:end_of_first]), int.from_bytes(signature[end_of_first + 2 :])
    if _in_der(_SEQUENCE, _number_in_der(r) + _number_in_der(s)) != signature:
        raise ValueError(_NO_SIGNATURE)
    return _bytes(r) + _bytes(s)


def _number_in_der(number: int) -> bytes:
    # A first bit that is set would say that it is negative.
    return _in_der(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1))


def _in_der(tag: int, content: bytes) -> bytes:
    """Tag, length and content, which is shorter than 128 bytes in a P-256 signature (X.690 8.1)."""
    return bytes((tag, len(content))) + content


def _bytes(number: int) -> bytes:
    return number.to_bytes(_COORDINATE_BYTES)
