"""Request bodies of passkeys, as in ``schemas``."""

from __future__ import annotations

import msgspec


class PasskeyCreate(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/passkeys``: the authenticator's response in base64url."""

    client_data: str
    attestation: str
    name: str = ""


class PasskeyRename(msgspec.Struct, forbid_unknown_fields=True):
    """``PATCH /auth/passkeys/{id}``."""

    name: str


class PasskeyReauthenticate(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/reauthenticate/passkey``: the authenticator's response in base64url."""

    credential_id: str
    client_data: str
    authenticator_data: str
    signature: str
    user_handle: str = ""


class PasskeyLogin(PasskeyReauthenticate, forbid_unknown_fields=True):
    """``POST /auth/login/passkey``."""

    remember: bool = False
