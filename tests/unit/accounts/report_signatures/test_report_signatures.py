"""Signatures of reports: GitHub's published examples, and everything that is none."""

import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts.report_signatures import is_signed
from tests.scanner import Scanner

# As GitHub's documentation published them: the body, its signature, and the key.
PUBLISHED = {
    "2022": (
        b'[{"token":"some_token","type":"some_type","url":"some_url"}]',
        "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc=",
        (
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\n"
            "kCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA=="
        ),
    ),
    "2024": (
        b'[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]',
        "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==",
        (
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\n"
            "AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw=="
        ),
    ),
}
BODY = b'[{"token":"t","type":"y"}]'


def published(year: str) -> tuple[str, bytes, bytes]:
    body, signature, key = PUBLISHED[year]
    return f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n", base64.b64decode(signature), body


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_published_examples_are_signed(year: str) -> None:
    assert is_signed(*published(year))


def test_a_changed_byte_anywhere_is_refused() -> None:
    """Of the signature or of the body (KX-04)."""
    key, signature, body = published("2024")

    def flipped(raw: bytes, at: int) -> bytes:
        return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]

    assert not [at for at in range(len(signature)) if is_signed(key, flipped(signature, at), body)]
    assert not [at for at in range(len(body)) if is_signed(key, signature, flipped(body, at))]


@pytest.mark.parametrize("change", [b" %b", b"%b\n", b"%b%b"])
def test_the_signature_of_another_body_is_refused(change: bytes) -> None:
    key, signature, body = published("2022")
    assert not is_signed(key, signature, change % ((body,) * change.count(b"%b")))


@pytest.mark.parametrize(
    "signature",
    [b"", b"0", b"\x00" * 64, b"\x30\x00", b"\x30\x06\x02\x01\x00\x02\x01\x00", b"\x30\x06\x02\x01\x01\x02\x01\x01"],
)
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    """Nothing, no DER, and numbers that every key would accept in a careless check."""
    assert not is_signed(Scanner().pem, signature, BODY)


def test_anything_after_or_missing_from_a_signature_is_refused() -> None:
    scanner = Scanner()
    signature = scanner.signature(BODY)

    assert is_signed(scanner.pem, signature, BODY)
    assert not is_signed(scanner.pem, signature + b"\x00", BODY)
    assert not is_signed(scanner.pem, signature[:-1], BODY)


def test_another_key_is_refused() -> None:
    assert not is_signed(Scanner().pem, Scanner().signature(BODY), BODY)


@pytest.mark.parametrize("pem", ["", "none", "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_signs_nothing(pem: str) -> None:
    assert not is_signed(pem, Scanner().signature(BODY), BODY)


def test_a_key_of_another_kind_signs_nothing() -> None:
    """Another curve, though its signature is good; and RSA."""
    other, hashed = ec.generate_private_key(ec.SECP384R1()), ec.ECDSA(hashes.SHA256())
    keys = (other.public_key(), rsa.generate_private_key(65537, 2048).public_key())
    for key in keys:
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        assert not is_signed(pem, other.sign(BODY, hashed), BODY)
