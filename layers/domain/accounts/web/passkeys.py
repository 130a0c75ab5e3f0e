"""What pages give to the browser's WebAuthn functions, and what these return."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from accounts import secrets
from accounts.limits import PASSKEY_CHALLENGE_LIFETIME
from accounts.model.passkeys import ALGORITHMS, Assertion, rp_id
from accounts.model.users import User
from accounts.settings import Settings
from accounts.web import passkey_schemas

_TIMEOUT_MS = int(PASSKEY_CHALLENGE_LIFETIME.total_seconds() * 1000)


class Descriptor(Struct):
    id: str
    type: Literal["public-key"] = "public-key"


class Parameters(Struct):
    alg: int
    type: Literal["public-key"] = "public-key"


class RelyingParty(Struct):
    id: str
    name: str


class UserEntity(Struct, rename="camel"):
    id: str
    name: str
    display_name: str


class Selection(Struct, rename="camel"):
    """The passkey is found without an address, and its user is always verified."""

    resident_key: Literal["required"] = "required"
    require_resident_key: bool = True
    user_verification: Literal["required"] = "required"


class CreationOptions(Struct, rename="camel"):
    """``PublicKeyCredentialCreationOptionsJSON``."""

    rp: RelyingParty
    user: UserEntity
    challenge: str
    pub_key_cred_params: list[Parameters]
    exclude_credentials: list[Descriptor]
    authenticator_selection: Selection
    timeout: int = _TIMEOUT_MS
    attestation: Literal["none"] = "none"


class RequestOptions(Struct, rename="camel"):
    """``PublicKeyCredentialRequestOptionsJSON``. Without ``allow_credentials``, all passkeys are offered."""

    challenge: str
    rp_id: str
    allow_credentials: list[Descriptor]
    timeout: int = _TIMEOUT_MS
    user_verification: Literal["required"] = "required"


def creation_options(challenge: str, user: User, settings: Settings) -> CreationOptions:
    """The account's id is random, as a user handle must be (14.6.1)."""
    return CreationOptions(
        rp=RelyingParty(rp_id(settings.site_url), settings["SITE_NAME"]),
        user=UserEntity(secrets.base64url(user.user_id.encode()), user.email, user.name or user.email),
        challenge=challenge,
        pub_key_cred_params=[Parameters(algorithm) for algorithm in ALGORITHMS],
        exclude_credentials=_descriptors(user.passkeys),
        authenticator_selection=Selection(),
    )


def request_options(challenge: str, settings: Settings, passkeys: Iterable[str] = ()) -> RequestOptions:
    return RequestOptions(challenge, rp_id(settings.site_url), _descriptors(passkeys))


def assertion(body: passkey_schemas.PasskeyReauthenticate) -> Assertion:
    return Assertion(body.credential_id, body.client_data, body.authenticator_data, body.signature, body.user_handle)


def _descriptors(passkeys: Iterable[str]) -> list[Descriptor]:
    return [Descriptor(credential_id) for credential_id in sorted(passkeys)]
