"""HTTPS in front of the local cloud, as clients demand it. Routes of Comfy Cloud itself are answered here.

It stands in for the host behind which a deployment and Comfy Cloud share one address.
"""

import http.client
import json
import ssl
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.clients.serving import Serving

# The start of the paths that Comfy Cloud answers, not this service.
_COMFY_CLOUD = ("/api/billing/", "/api/features")
_CREDENTIALS = ("authorization", "x-api-key")
_OF_THE_CONNECTION = {"connection", "host", "transfer-encoding", "content-length", "date", "server"}


class HttpsServer(Serving):
    """An https server on this machine. Its certificate, for `name`, `others` and 127.0.0.1, signs itself."""

    def __init__(self, name: str, folder: Path, handler: type[BaseHTTPRequestHandler], *others: str) -> None:
        folder.mkdir(exist_ok=True)
        self.certificate = folder / "certificate.pem"
        key = folder / "key.pem"
        _write_certificate((name, *others), self.certificate, key)
        super().__init__(handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        # The handshake is in the thread of the connection, so that a slow one does not stop the others.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://{name}:{self.port}"


class HttpsFront(HttpsServer):
    """Forwards each request unchanged, except for the host, to `upstream`: a host, a port, and the start of a path."""

    def __init__(self, upstream: str, folder: Path) -> None:
        class Handler(_Handler):
            """One for each front."""

        self._handler = Handler
        self.forward_to(upstream)
        super().__init__("localhost", folder, Handler)

    def forward_to(self, upstream: str) -> None:
        """Forward to another upstream from now on."""
        self._handler.upstream = upstream


class QuietHandler(BaseHTTPRequestHandler):
    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


class _Handler(QuietHandler):
    upstream = ""

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else None
        if self.path.startswith(_COMFY_CLOUD) and self.command == "GET":
            self._answer_as_comfy_cloud()
        else:
            status, headers, answer = self._ask(self.command, self.path, body, dict(self.headers.items()))
            self.answer(status, headers, answer)

    do_HEAD = do_POST = do_PATCH = do_DELETE = do_OPTIONS = do_PUT = do_GET  # noqa: N815 - http.server calls them so

    def _answer_as_comfy_cloud(self) -> None:
        """A subscription for each credential that this service knows."""
        given = {name: self.headers[name] for name in _CREDENTIALS if name in self.headers}
        status, _, refusal = self._ask("GET", "/customers/me", None, given)
        body = json.dumps({"subscription_status": "active", "subscription_tier": "PRO"}).encode()
        cors = [("access-control-allow-origin", "*"), ("content-type", "application/json")]
        self.answer(status, cors, body if status == HTTPStatus.OK else refusal)

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        host, slash, start = self.upstream.partition("/")
        connection = http.client.HTTPConnection(host, timeout=60)
        sent = {name: value for name, value in headers.items() if name.lower() not in _OF_THE_CONNECTION}
        connection.request(method, f"{slash}{start}{path}", body, sent | {"Host": host})
        answer = connection.getresponse()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_THE_CONNECTION]
        found = answer.status, kept, answer.read()
        connection.close()
        return found


def _write_certificate(hosts: tuple[str, ...], certificate: Path, key: Path) -> None:
    """A certificate for the hosts that signs itself, valid for a day."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, hosts[0])])
    names = x509.SubjectAlternativeName([*map(x509.DNSName, hosts), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    pem, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, pem, plain))
