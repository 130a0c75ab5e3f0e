"""GitHub's secret scanning as tests play it: it signs reports, and lists its keys."""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts.model.leak_reports import SignedReport


@dataclass(frozen=True)
class Scanner:
    """One of its keys."""

    identifier: str = "a" * 64
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def pem(self) -> str:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def signature(self, body: bytes) -> bytes:
        return self.private.sign(body, ec.ECDSA(hashes.SHA256()))

    def report(self, *matches: dict[str, str], body: bytes | None = None) -> SignedReport:
        sent = json.dumps(matches).encode() if body is None else body
        return SignedReport(self.identifier, self.signature(sent), sent)

    def headers(self, body: bytes) -> dict[str, str]:
        signature = base64.b64encode(self.signature(body)).decode()
        return {"github-public-key-identifier": self.identifier, "github-public-key-signature": signature}


def match(token: str, url: str = "https://github.com/o/r/blob/1/f.txt", source: str = "commit") -> dict[str, str]:
    return {"token": token, "type": "comfy_api_key", "url": url, "source": source}


def listed(current: Iterable[Scanner], retired: Iterable[Scanner] = ()) -> str:
    """GitHub's list of keys."""
    keys = [*(_entry(it, is_current=True) for it in current), *(_entry(it, is_current=False) for it in retired)]
    return json.dumps({"public_keys": keys})


def _entry(scanner: Scanner, *, is_current: bool) -> dict[str, Any]:
    return {"key_identifier": scanner.identifier, "key": scanner.pem, "is_current": is_current}
