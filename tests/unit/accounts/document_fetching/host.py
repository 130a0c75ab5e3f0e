"""A host on the internet: an https server on this machine, with DNS and a certificate authority of its own."""

import json
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accounts.document_fetching import DocumentFetching
from tests.unit.accounts.identity_providers.http.server import Behaviour, Server, reply

NAME = "client.example.com"
URL = f"https://{NAME}/oauth/client.json"
ADDRESS, SECOND_ADDRESS, IPV6 = "93.184.215.14", "93.184.215.15", "2606:2800:21f:cb07::1"
DOCUMENT = json.dumps({"client_id": URL, "client_name": "A client"}).encode()
JSON = "Content-Type: application/json"


class Authority:
    """A certificate authority, and the certificate of ``NAME``."""

    def __init__(self, folder: Path) -> None:
        key, name = ec.generate_private_key(ec.SECP256R1()), _named("An authority")
        self._certificate = _certificate(name, name, key, key, x509.BasicConstraints(ca=True, path_length=None))
        own = ec.generate_private_key(ec.SECP256R1())
        leaf = _certificate(_named(NAME), name, own, key, x509.SubjectAlternativeName([x509.DNSName(NAME)]))
        self._files = folder / "certificate.pem", folder / "key.pem"
        self._files[0].write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        self._files[1].write_bytes(
            own.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    @property
    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._files)
        return context

    @property
    def client(self) -> ssl.SSLContext:
        """Trusts this authority and no other."""
        pem = self._certificate.public_bytes(serialization.Encoding.PEM).decode()
        return ssl.create_default_context(cadata=pem)


class Host(Server):
    """Speaks TLS. ``handshakes`` is False for one that accepts connections and says nothing.

    ``left`` is set when the caller closed a connection, or has its answer; ``hung_up`` when a handshake failed.
    """

    def __init__(self, authority: Authority) -> None:
        super().__init__()
        self.handshakes = True
        self.left, self.hung_up = Event(), Event()
        self.trusted = authority.client
        self._tls = authority.server
        self.behaviours = [reply(DOCUMENT, "200 OK", JSON)]

    def _answer(self, connection: socket.socket, behaviour: Behaviour) -> None:
        if not self.handshakes:
            with connection:
                self.released.wait(60)
            return
        try:
            secured = self._tls.wrap_socket(connection, server_side=True)
        except OSError:
            self.hung_up.set()
            return
        super()._answer(secured, behaviour)
        self.left.set()


@dataclass
class Internet:
    """``dns`` has the addresses of names; each lookup takes the next answer. All addresses lead to ``host``."""

    host: Host
    dns: dict[str, list[list[str]]] = field(default_factory=lambda: {NAME: [[ADDRESS]]})
    unreachable: set[str] = field(default_factory=set)
    looked_up: list[str] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)

    def resolve(self, name: str) -> Iterable[str]:
        self.looked_up.append(name)
        answers = self.dns.get(name, [])
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME)
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def dial(self, address: str) -> socket.socket:
        self.dialled.append(address)
        if address in self.unreachable:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", self.host.port), timeout=10)

    def answer(self, url: str = URL) -> dict[str, Any]:
        """What the function answers."""
        return DocumentFetching(self.resolve, self.dial, self.host.trusted).answer(url)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    public, signed_by = key.public_key(), x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    builder = builder.not_valid_after(now + timedelta(days=1)).add_extension(extension, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    builder = builder.add_extension(signed_by, critical=False)
    if isinstance(extension, x509.BasicConstraints):
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
        )
        builder = builder.add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, decipher_only=False, **usage),
            critical=True,
        )
    return builder.sign(signer, hashes.SHA256())
