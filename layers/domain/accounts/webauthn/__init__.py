"""WebAuthn: checks what authenticators sign, for one site (WebAuthn Level 3, 7.1 and 7.2).

The library parses the responses and checks type, challenge, origin, RP ID, both flags of the user, and the signature.
What it does not check is checked here: frames of other sites, the algorithm, the credential's form, and its backup
flags. The counter and the account are the flows' to check.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import TracebackType
from typing import Any, cast

from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
    UserVerificationRequirement,
)

from accounts.limits import CREDENTIAL_ID_MAX_BYTES
from accounts.model.passkeys import ALGORITHMS, Assertion, Counterfeit, Credential, Passkey, Registration, Signed, rp_id

# What parsing and checking raise for bytes that an attacker chose, as a fuzz test shows.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError, struct.error)
_NO_AAGUID = bytes(16)


class SiteAuthenticators:
    """Accepts responses that were given to the pages of ``site_url`` itself."""

    def __init__(self, site_url: str) -> None:
        def is_own(origin: str) -> bool:
            return origin == site_url

        rp = PublicKeyCredentialRpEntity(name=site_url, id=rp_id(site_url))
        self._server = Fido2Server(rp, verify_origin=is_own)

    def challenge(self, client_data: str) -> str:
        with _CounterfeitIfMalformed():
            return websafe_encode(_client_data(client_data).challenge)

    def created(self, response: Registration, challenge: str) -> Credential:
        with _CounterfeitIfMalformed():
            client_data = _client_data(response.client_data)
            attestation = AttestationObject(_decoded(response.attestation))
            answer = AuthenticatorAttestationResponse(client_data=client_data, attestation_object=attestation)
            shown = attestation.auth_data.credential_data
            if shown is None:
                raise Counterfeit
            registered = RegistrationResponse(raw_id=shown.credential_id, response=answer)
            data = self._server.register_complete(_state(challenge), registered)
            return _credential(data, shown)

    def signed(self, response: Assertion, passkey: Passkey, challenge: str) -> Signed:
        with _CounterfeitIfMalformed():
            data = AuthenticatorData(_decoded(response.authenticator_data))
            answer = AuthenticatorAssertionResponse(
                client_data=_client_data(response.client_data),
                authenticator_data=data,
                signature=_decoded(response.signature),
            )
            asserted = AuthenticationResponse(raw_id=_decoded(response.credential_id), response=answer)
            self._server.authenticate_complete(_state(challenge), [_stored(passkey)], asserted)
            _require(data.is_backup_eligible() == passkey.backup_eligible)
            return Signed(data.counter, _is_backed_up(data))

    def account(self, response: Assertion) -> str:
        with _CounterfeitIfMalformed():
            return _decoded(response.user_handle).decode("ascii")


class _CounterfeitIfMalformed:
    """Not a generator with `contextmanager`.

    That leaves a cycle of both errors and their frames, which hold what the parser read: 5 MB for one nested body.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if isinstance(error, _MALFORMED):
            raise Counterfeit from error


def _require(holds: bool) -> None:
    if not holds:
        raise Counterfeit


def _decoded(text: str) -> bytes:
    """The bytes of base64url in its one form, so that no credential has two ids."""
    raw: bytes = websafe_decode(text)
    _require(websafe_encode(raw) == text)
    return raw


def _client_data(text: str) -> CollectedClientData:
    """Raises Counterfeit when the page was in a frame of another site, which could make the owner click."""
    client_data = CollectedClientData(_decoded(text))
    _require(client_data.cross_origin is False and "topOrigin" not in client_data._data)  # noqa: SLF001 - not public
    return client_data


def _state(challenge: str) -> dict[str, str]:
    """What the library's own options would have remembered."""
    return {"challenge": challenge, "user_verification": UserVerificationRequirement.REQUIRED}


def _credential(data: AuthenticatorData, shown: AttestedCredentialData) -> Credential:
    _require(shown.public_key.get(3) in ALGORITHMS and 0 < len(shown.credential_id) <= CREDENTIAL_ID_MAX_BYTES)
    return Credential(
        credential_id=websafe_encode(shown.credential_id),
        public_key=websafe_encode(cbor.encode(dict(shown.public_key))),
        sign_count=data.counter,
        backup_eligible=data.is_backup_eligible(),
        backed_up=_is_backed_up(data),
    )


def _is_backed_up(data: AuthenticatorData) -> bool:
    """Only a credential that may be backed up can be (7.1, 7.2)."""
    _require(data.is_backup_eligible() or not data.is_backed_up())
    return data.is_backed_up()


def _stored(passkey: Passkey) -> AttestedCredentialData:
    key = CoseKey.parse(cast("Mapping[int, Any]", cbor.decode(websafe_decode(passkey.public_key))))
    return AttestedCredentialData.create(_NO_AAGUID, websafe_decode(passkey.credential_id), key)
