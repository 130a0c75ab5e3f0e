"""An authenticator in software: it creates passkeys and signs with them, and lies about whatever a test wants."""

import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from accounts import secrets
from accounts.model.passkeys import Assertion, Registration
from tests.fake_deployment import SITE_URL

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
SYNCED = UP | UV | BE | BS
ON_ONE_DEVICE = UP | UV
_CREATE, _GET = "webauthn.create", "webauthn.get"


@dataclass
class Authenticator:
    """One passkey. ``counter`` is signed as it is: a test increases it. ``user_id`` is set when it is created."""

    origin: str = SITE_URL
    rp_id: str = "accounts.example.com"
    flags: int = SYNCED
    counter: int = 0
    user_id: str = ""
    credential: bytes = field(default_factory=lambda: secrets.new_token().encode()[:16])
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def credential_id(self) -> str:
        return websafe_encode(self.credential)

    @property
    def cose(self) -> dict[int, Any]:
        return ES256.from_cryptography_key(self.key.public_key())

    def create(self, challenge: str, user_id: str = "", /, **client: Any) -> Registration:
        """The response to a request to create a passkey. ``client`` replaces parts of the client data."""
        self.user_id = user_id
        shown = AttestedCredentialData.create(bytes(16), self.credential, self.cose)
        data = AuthenticatorData.create(sha256(self.rp_id.encode()), self.flags | AT, self.counter, shown)
        return Registration(
            client_data=self.client_data(_CREATE, challenge, **client),
            attestation=websafe_encode(AttestationObject.create("none", data, {})),
        )

    def sign(self, challenge: str, /, *, user_handle: str | None = None, **client: Any) -> Assertion:
        """The response to a request to log in."""
        client_data = self.client_data(_GET, challenge, **client)
        data = AuthenticatorData.create(sha256(self.rp_id.encode()), self.flags, self.counter)
        signed = self.key.sign(data + sha256(websafe_decode(client_data)), ec.ECDSA(hashes.SHA256()))
        return Assertion(
            credential_id=self.credential_id,
            client_data=client_data,
            authenticator_data=websafe_encode(data),
            signature=websafe_encode(signed),
            user_handle=websafe_encode((self.user_id if user_handle is None else user_handle).encode()),
        )

    def client_data(self, kind: str, challenge: str, /, **changes: Any) -> str:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False} | changes
        return websafe_encode(CollectedClientData(json.dumps(said).encode()))
