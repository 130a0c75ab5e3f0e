"""GitHub's secret scanning, played here: it lists its public key, finds API keys in a text, and reports them.

Its key pair is new at each start, and the private key stays in this process. Its list is served as GitHub's, for the
function that fetches documents (`internet`).
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.emulator import post
from local.https_server import HttpsServer
from local.internet import PlayedHost
from local.serving import QuietHandler

HOST, LIST = "api.github.com", "/meta/public_keys/secret_scanning"
ROUTE = "/reports/leaked-keys"
PATTERN = r"(?<![0-9A-Za-z])comfyui-[0-9A-Za-z]{64}(?![0-9A-Za-z])"
"""As docs/integrating.md has it for scanners."""
# One of GitHub's. The service refuses addresses that are not public.
_ADDRESS = "140.82.121.6"
_TYPE = "comfy_api_key"


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Signer:
    """A key pair of the scanner."""

    identifier: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=_new_key, repr=False)

    @classmethod
    def new(cls) -> Self:
        private = _new_key()
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return cls(hashlib.sha256(public).hexdigest(), private)

    @property
    def pem(self) -> str:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def signature(self, body: bytes) -> bytes:
        return self.private.sign(body, ec.ECDSA(hashes.SHA256()))

    def headers(self, body: bytes) -> dict[str, str]:
        signature = base64.b64encode(self.signature(body)).decode()
        return {"github-public-key-identifier": self.identifier, "github-public-key-signature": signature}


@dataclass(frozen=True)
class Report:
    """A report as it was sent, and the service's answer."""

    headers: dict[str, str]
    body: bytes
    status: int
    answer: bytes


class Scanner:
    """Lists its keys between `start` and `stop`. ``fetched`` is how often the list was asked for."""

    def __init__(self) -> None:
        self.signer = Signer.new()
        self.retired: list[Signer] = []
        self.fetched = 0
        self._server: HttpsServer | None = None
        self._certificate = b""

    def start(self) -> None:
        handler = type("Handler", (_Lister,), {"scanner": self})
        with TemporaryDirectory() as folder:
            self._server = HttpsServer(HOST, Path(folder), handler)
            self._certificate = self._server.certificate.read_bytes()
        self._server.start()

    def stop(self) -> None:
        if self._server:
            self._server.stop()
            self._server = None

    @property
    def hosts(self) -> tuple[PlayedHost, ...]:
        """Return the host of the list, if it has started."""
        return (PlayedHost(HOST, _ADDRESS, self._server.port, self._certificate),) if self._server else ()

    def report(self, site_url: str, matches: list[dict[str, str]]) -> Report:
        """Send a signed report to the site."""
        body = json.dumps(matches).encode()
        headers = {"content-type": "application/json", **self.signer.headers(body)}
        return Report(headers, body, *post(site_url + ROUTE, body, headers))


def matches(text: str, url: str, source: str) -> list[dict[str, str]]:
    """Return each text that looks like a key, once. GitHub does not compute the checksum."""
    return [match(found, url, source) for found in dict.fromkeys(re.findall(PATTERN, text))]


def match(token: str, url: str = "https://github.com/o/r/blob/1/f.txt", source: str = "commit") -> dict[str, str]:
    return {"token": token, "type": _TYPE, "url": url, "source": source}


def listed(current: Iterable[Signer], retired: Iterable[Signer] = ()) -> str:
    """Return GitHub's list of keys."""
    keys = [*(_entry(it, is_current=True) for it in current), *(_entry(it, is_current=False) for it in retired)]
    return json.dumps({"public_keys": keys})


def _entry(signer: Signer, *, is_current: bool) -> dict[str, Any]:
    return {"key_identifier": signer.identifier, "key": signer.pem, "is_current": is_current}


class _Lister(QuietHandler):
    scanner: Scanner

    def do_GET(self) -> None:  # noqa: N802  # the name is the base class's
        if self.path != LIST:
            self.answer(HTTPStatus.NOT_FOUND, [], b"")
            return
        self.scanner.fetched += 1
        text = listed([self.scanner.signer], self.scanner.retired)
        self.answer(HTTPStatus.OK, [("content-type", "application/json; charset=utf-8")], text.encode())
