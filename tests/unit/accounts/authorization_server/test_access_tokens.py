"""Access tokens: signed by KMS, verified with the public keys, and accepted only if everything in them is right."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from accounts.authorization_server.tokens import AccessTokens
from accounts.aws import signing
from accounts.aws.signing import SigningKeys
from accounts.errors import Unavailable
from accounts.limits import (
    ACCESS_TOKEN_MAX_CHARACTERS,
    EMAIL_MAX_CHARACTERS,
    RESOURCE_MAX_CHARACTERS,
    SCOPES_MAX_CHARACTERS,
)
from accounts.model import access_tokens
from accounts.model.access_tokens import AccessToken
from accounts.model.assurance import MULTI_FACTOR, ONE_FACTOR
from accounts.model.audit import Caller
from accounts.model.sessions import Session
from accounts.model.users import User
from tests.unit.accounts.stage import NOW, SITE_URL, later

SESSION_ID = "5" * 64
# Of P-256 (SEC 2, 2.4.2): the numbers of a signature are less.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
UNREACHABLE = EndpointConnectionError(endpoint_url="https://kms.example.com")


def refused(code: str) -> ClientError:
    """An error of KMS."""
    return ClientError({"Error": {"Code": code}}, "GetPublicKey")


@dataclass
class Kms:
    """Keys by id, and the error of each operation."""

    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def sign(self, **asked: Any) -> dict[str, Any]:
        """In KMS the message is hashed too."""
        assert asked["SigningAlgorithm"] == "ECDSA_SHA_256"
        self._called(asked["KeyId"])
        return {"Signature": self.keys[asked["KeyId"]].sign(asked["Message"], ec.ECDSA(hashes.SHA256()))}

    def get_public_key(self, **asked: Any) -> dict[str, Any]:
        self._called(asked["KeyId"])
        return {"PublicKey": public_der(self.keys[asked["KeyId"]])}

    def _called(self, key: str) -> None:
        self.calls.append(key)
        if key in self.errors:
            raise self.errors[key]


def public_der(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    """The public half."""
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, spki)


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Kms:
    """KMS with the deployment's two keys."""
    fake = Kms({name: ec.generate_private_key(ec.SECP256R1()) for name in ("key-a", "key-b")})
    monkeypatch.setattr(signing, "client", lambda _service: fake)
    return fake


def claims(**changes: Any) -> dict[str, Any]:
    """The usual claims, with those in ``changes`` replaced; None removes a claim."""
    session = Session(
        digest=SESSION_ID,
        user_id="the-account",
        method="password",
        remembered=True,
        authenticated_at=NOW,
        last_seen_at=NOW,
        expires_at=later(days=30),
        idle=timedelta(days=7),
        caller=Caller("", ""),
        client_id="comfy-cli",
        scope="account",
        proven_at=NOW,
    )
    user = User("the-account", "olive@example.com", "Olive", NOW, NOW)
    said = access_tokens.claims(SITE_URL, session, user, NOW) | changes
    return {name: value for name, value in said.items() if value is not None}


def reader(keys: SigningKeys) -> AccessTokens:
    """A reader with the public keys of that signer."""
    return AccessTokens(SITE_URL, keys.public, {SITE_URL})


def coded(raw: bytes | dict[str, Any]) -> str:
    """One encoded part of a token."""
    data = json.dumps(raw).encode() if isinstance(raw, dict) else raw
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(part: str) -> bytes:
    """One decoded part of a token."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def signed_by(key: ec.EllipticCurvePrivateKey, header: dict[str, Any], said: dict[str, Any]) -> str:
    """A token with any header."""
    text = f"{coded(header)}.{coded(said)}"
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{coded(r.to_bytes(32) + s.to_bytes(32))}"


def test_a_token_has_the_claims_that_rfc_9068_requires(kms: Kms) -> None:
    """All of them, and the session."""
    header, payload, _ = SigningKeys("key-a", "key-b").sign(claims()).split(".")
    said = json.loads(decoded(payload))
    jti = said.pop("jti")

    assert json.loads(decoded(header)) == {
        "typ": "at+jwt",
        "alg": "ES256",
        "kid": hashlib.sha256(b"key-a").hexdigest()[:16],
    }
    assert said == {
        "iss": SITE_URL,
        "sub": "the-account",
        "aud": SITE_URL,
        "exp": int(later(minutes=15).timestamp()),
        "iat": int(NOW.timestamp()),
        "client_id": "comfy-cli",
        "scope": "account",
        "sid": SESSION_ID,
        "email": "olive@example.com",
        "email_verified": True,
        "workspace_id": "the-account",
        "auth_time": int(NOW.timestamp()),
        "acr": ONE_FACTOR,
        "amr": ["pwd"],
    }
    assert len(jti) == 43
    assert kms.calls == ["key-a"]


@pytest.mark.usefixtures("kms")
def test_the_longest_token_fits() -> None:
    """Into what KMS signs and what this service reads."""
    longest = claims(
        aud="a" * RESOURCE_MAX_CHARACTERS,
        scope="s" * SCOPES_MAX_CHARACTERS,
        email="e" * EMAIL_MAX_CHARACTERS,
        iss="i" * 256,
        client_id="c" * 512,
        acr=MULTI_FACTOR,
        amr=["pwd", "otp", "mfa"],
    )
    token = SigningKeys("key-a", "key-b").sign(longest)

    assert len(token.rpartition(".")[0]) <= 4096
    assert len(token) <= ACCESS_TOKEN_MAX_CHARACTERS


def test_no_two_tokens_are_equal() -> None:
    """Each has its own id."""
    assert claims()["jti"] != claims()["jti"]


@pytest.mark.usefixtures("kms")
def test_a_token_verifies_with_the_published_keys_alone() -> None:
    """By arithmetic, without a library that the signer uses."""
    keys = SigningKeys("key-a", "key-b")
    for _ in range(20):  # A number of a signature is sometimes a byte shorter.
        header, payload, signature = keys.sign(claims()).split(".")
        kid = json.loads(decoded(header))["kid"]
        jwk = next(key for key in keys.public() if key["kid"] == kid)
        x, y = (int.from_bytes(decoded(jwk[name])) for name in ("x", "y"))
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        raw = decoded(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        public.verify(der, f"{header}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
        with pytest.raises(InvalidSignature):
            public.verify(der, f"{header}.{payload}x".encode(), ec.ECDSA(hashes.SHA256()))
        assert len(raw) == 64


# The least and greatest number of a signature, those around one and 31 bytes, and those whose first bit is set, before
# which ASN.1 has a zero.
NUMBERS = (1, 127, 128, 255, 256, 2**247, 2**248 - 1, 2**248, 2**255 - 1, 2**255, ORDER - 1)


@pytest.mark.parametrize("r", NUMBERS)
@pytest.mark.parametrize("s", NUMBERS)
def test_a_signature_has_both_numbers_in_full_length(kms: Kms, monkeypatch: pytest.MonkeyPatch, r: int, s: int) -> None:
    monkeypatch.setattr(kms, "sign", lambda **_asked: {"Signature": encode_dss_signature(r, s)})
    _, _, signature = SigningKeys("key-a", "key-b").sign(claims()).split(".")
    assert decoded(signature) == r.to_bytes(32) + s.to_bytes(32)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "3006",
        "3006020101",
        "300602010102",
        "3006020101020101" + "00",  # a byte too many
        "3106020101020101",  # another type than a sequence
        "3006030101020101",  # other types than integers
        "3006020101030101",
        "3005020101020101",  # another length than the sequence has
        "3007020101020101",
        "300702020001020101",  # a number with a zero too many
        "3006020181020101",  # a negative number
        "3004020002020101",  # an empty one
    ],
)
def test_what_is_no_signature_is_not_made_into_a_token(
    kms: Kms, monkeypatch: pytest.MonkeyPatch, signature: str
) -> None:
    monkeypatch.setattr(kms, "sign", lambda **_asked: {"Signature": bytes.fromhex(signature)})
    with pytest.raises(ValueError, match="signature in DER"):
        SigningKeys("key-a", "key-b").sign(claims())
    with pytest.raises(ValueError, match="parsing"):
        decode_dss_signature(bytes.fromhex(signature))


@pytest.mark.usefixtures("kms")
def test_a_valid_token_is_read() -> None:
    """Signed with either key: the other one may have signed until a moment ago."""
    now_a, now_b = SigningKeys("key-a", "key-b"), SigningKeys("key-b", "key-a")
    expected = AccessToken("the-account", "comfy-cli", SESSION_ID, "account")

    assert reader(now_b).read(now_a.sign(claims()), NOW) == expected
    assert reader(now_a).read(now_b.sign(claims()), NOW) == expected


@pytest.mark.usefixtures("kms")
def test_a_token_lasts_fifteen_minutes() -> None:
    """To the second; the signer's clock may be a minute ahead."""
    keys = SigningKeys("key-a", "key-b")
    token = keys.sign(claims())

    assert reader(keys).read(token, later(seconds=899)) is not None
    assert reader(keys).read(token, later(seconds=900)) is None
    assert reader(keys).read(token, later(seconds=-60)) is not None
    assert reader(keys).read(token, later(seconds=-61)) is None


@pytest.mark.usefixtures("kms")
@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "https://cloud.example"},
        {"aud": [SITE_URL]},
        {"aud": None},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": True},
        {"exp": 9e15},
        {"iat": None},
        {"iat": "0"},
        {"sub": None},
        {"sub": 7},
        {"client_id": None},
        {"sid": None},
        {"sid": ["5" * 64]},
        {"sid": "5" * 63},
        {"sid": "../" + "5" * 61},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(changes: dict[str, Any]) -> None:
    """Although the service's key signed it."""
    keys = SigningKeys("key-a", "key-b")

    assert reader(keys).read(keys.sign(claims(**changes)), NOW) is None


HEADERS: list[dict[str, Any]] = [
    {"typ": "JWT"},
    {"typ": None},
    {"typ": "AT+JWT"},
    {"alg": "none"},
    {"alg": "ES384"},
    {"alg": "HS256"},
    {"alg": None},
    {"kid": "unknown"},
    {"crit": ["exp"]},
    {"crit": ["b64"], "b64": False},
    {"jwk": {"kty": "EC"}},
    {"jku": "https://evil.example/keys"},
    {"x5u": "https://evil.example/cert"},
    {"zip": "DEF"},
]


@pytest.mark.parametrize("changes", HEADERS, ids=str)
def test_a_token_with_another_header_is_refused(kms: Kms, changes: dict[str, Any]) -> None:
    """Even with a valid signature (RFC 8725 3)."""
    keys = SigningKeys("key-a", "key-b")
    expected = {"typ": "at+jwt", "alg": "ES256", "kid": hashlib.sha256(b"key-a").hexdigest()[:16]}
    header = {name: value for name, value in (expected | changes).items() if value is not None}

    assert reader(keys).read(signed_by(kms.keys["key-a"], expected, claims()), NOW) is not None
    assert reader(keys).read(signed_by(kms.keys["key-a"], header, claims()), NOW) is None


@pytest.mark.usefixtures("kms")
def test_a_forged_signature_is_refused(kms: Kms) -> None:
    """Another key, the public key as an HMAC secret, the other key's name, no signature, and flipped bits."""
    keys = SigningKeys("key-a", "key-b")
    good = keys.sign(claims())
    header, payload, signature = good.split(".")
    kid = json.loads(decoded(header))["kid"]
    stranger = signed_by(ec.generate_private_key(ec.SECP256R1()), json.loads(decoded(header)), claims())
    other_name = signed_by(kms.keys["key-b"], json.loads(decoded(header)), claims())
    with_password = f"{coded({'typ': 'at+jwt', 'alg': 'HS256', 'kid': kid})}.{payload}"
    mac = hmac.HMAC(public_der(kms.keys["key-a"]), hashes.SHA256())
    mac.update(with_password.encode())
    unsigned = f"{coded({'typ': 'at+jwt', 'alg': 'none', 'kid': kid})}.{payload}."

    for forged in (
        stranger,
        other_name,
        f"{with_password}.{coded(mac.finalize())}",
        unsigned,
        f"{header}.{payload}.",
        f"{header}.{payload}.{coded(bytes(64))}",
        f"{header}.{payload}.{coded(decoded(signature)[32:] + decoded(signature)[:32])}",
        f"{header}.{coded(claims(sub='another'))}.{signature}",
        f"{header}.{payload}",
        f"{good}.{signature}",
        "",
        ".",
        "..",
        "a.b.c",
        "é.é.é",
        f"{coded(b'[' * 5000)}.{payload}.{signature}",
        f"{header}.{coded(b'[]')}.{signature}",
    ):
        assert (forged, reader(keys).read(forged, NOW)) == (forged, None)


def test_public_keys_are_fetched_once_in_five_minutes(kms: Kms) -> None:
    """And not before they are needed."""
    clock = [0.0]
    keys = SigningKeys("key-a", "key-b", clock=lambda: clock[0])
    assert kms.calls == []
    for clock[0] in (1.0, 2.0, 300.9, 301.0):
        assert len(keys.public()) == 2

    assert kms.calls == ["key-a", "key-b"] * 2


@pytest.mark.parametrize("code", ["DisabledException", "KMSInvalidStateException", "NotFoundException"])
def test_a_withdrawn_key_is_no_longer_published(kms: Kms, code: str) -> None:
    """And its tokens are refused."""
    old = SigningKeys("key-b", "key-a")
    token = old.sign(claims())
    kms.errors["key-b"] = refused(code)
    now = SigningKeys("key-a", "key-b")

    assert [key["kid"] for key in now.public()] == [hashlib.sha256(b"key-a").hexdigest()[:16]]
    assert reader(now).read(token, NOW) is None


@pytest.mark.parametrize("error", [UNREACHABLE, refused("ThrottlingException"), refused("AccessDeniedException")])
@pytest.mark.parametrize("key", ["key-a", "key-b"])
def test_unavailable_keys_are_a_service_error(kms: Kms, key: str, error: Exception) -> None:
    """The token is not called invalid (promise 8), and the keys are fetched again on the next use."""
    keys = SigningKeys("key-a", "key-b")
    token = keys.sign(claims())
    kms.errors[key] = error
    with pytest.raises(Unavailable):
        reader(keys).read(token, NOW)
    kms.errors.clear()

    assert reader(keys).read(token, NOW) is not None


@pytest.mark.parametrize("code", ["DisabledException", "ThrottlingException"])
def test_a_failure_to_sign_is_a_service_error(kms: Kms, code: str) -> None:
    """Also when the signing key was withdrawn: then the deployment has none."""
    kms.errors["key-a"] = refused(code)
    keys = SigningKeys("key-a", "key-b")
    asked: list[Callable[[], Any]] = [lambda: keys.sign(claims()), keys.public]
    for ask in asked:
        with pytest.raises(Unavailable):
            ask()


def test_a_key_of_another_kind_is_not_published(kms: Kms, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deployment that configured it fails at once."""
    rsa_key = public_der(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    monkeypatch.setattr(kms, "get_public_key", lambda **_: {"PublicKey": rsa_key})

    with pytest.raises(Unavailable):
        SigningKeys("key-a", "key-b").public()
