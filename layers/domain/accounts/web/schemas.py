"""Request bodies: flat, text and booleans only, unknown fields refused. Flows check limits."""

from __future__ import annotations

from datetime import datetime

import msgspec

from accounts import text
from accounts.model.api_keys import Details, Edit


class Signup(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/signup``."""

    email: str
    password: str
    name: str = ""


class EmailVerify(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/email/verify``: the token of the link and the password chosen at sign-up.

    The browser that signed up needs no password within an hour.
    """

    token: str
    password: str = ""


class EmailResend(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/email/resend``."""

    email: str


class EmailChange(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/email/change``: the new address."""

    email: str


class EmailChangeConfirm(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/email/change/confirm``."""

    token: str


class OAuthReturn(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/{provider}/link`` and ``POST /auth/{provider}/reauthenticate``."""

    return_to: str = ""


class IdentityConfirm(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/identities/confirm``."""

    token: str


class PasswordSet(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/password``."""

    new_password: str


class PasswordForgot(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/password/forgot``."""

    email: str


class PasswordReset(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/password/reset``: the link's token and the new password."""

    token: str
    password: str


class PasswordChange(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/password/change``."""

    current_password: str
    new_password: str


class Reauthenticate(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/reauthenticate``."""

    password: str


class Login(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/login``."""

    email: str
    password: str
    remember: bool = False


class SecondFactorLogin(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/login/second-factor``."""

    code: str
    trust: bool = False


class SecondFactorConfirm(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/second-factor``: ``setup`` is from ``POST /auth/second-factor/setup``."""

    setup: str
    code: str


class SecondFactorChange(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/second-factor/off`` and ``POST /auth/second-factor/recovery-codes``.

    A session that a passkey opened needs no code.
    """

    code: str = ""


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


_OF_THE_PAGE = {"decision", "account", "fingerprint", "asked_at"}


class Consent(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /oauth/authorize``: the client's parameters, as the page read them from its URL, and the ``decision``.

    ``account`` is the id of the account that the page showed to the owner, ``fingerprint`` that of the client's
    document, and ``asked_at`` when the service first answered the page; without it, the owner's login is never later.
    """

    decision: str
    account: str
    client_id: str
    redirect_uri: str
    response_type: str = ""
    state: str = ""
    scope: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""
    resource: str = ""
    max_age: str = ""
    acr_values: str = ""
    prompt: str = ""
    fingerprint: str = ""
    asked_at: str = ""

    def since(self, now: datetime) -> datetime:
        """When the page first showed the question; ``now`` if it does not say so."""
        return text.moment(self.asked_at) or now

    @property
    def question(self) -> dict[str, str]:
        """The client's parameters."""
        given = msgspec.structs.asdict(self)
        return {name: value for name, value in given.items() if name not in _OF_THE_PAGE}


class DeviceEntry(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /oauth/device/request``: the code that the device shows, as the owner typed it."""

    user_code: str


class DeviceAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /oauth/device``: ``fingerprint`` is that of the client's document, as the page showed it."""

    user_code: str
    decision: str
    fingerprint: str = ""


class AccountUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """``PATCH /customers/me``. What is not sent stays as it is."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    language: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def given(self) -> tuple[str | None, str | None]:
        """The name and the language, None for what was not sent."""
        return _sent(self.name), _sent(self.language)


class KeyCreate(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /customers/api-keys``.

    A key without ``expires_at`` does not expire. One without ``networks`` works everywhere, one without ``scopes`` for
    everything.
    """

    name: str
    description: str = ""
    expires_at: str = ""
    networks: list[str] | None = None
    scopes: list[str] | None = None

    @property
    def details(self) -> Details:
        return Details(self.name, self.description, self.expires_at, self.networks, self.scopes)


class KeyUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """``PATCH /customers/api-keys/{id}``. What is not sent stays as it is.

    ``networks`` and ``scopes`` need a recent login. With null, the key works everywhere, or for everything.
    """

    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    networks: list[str] | msgspec.UnsetType | None = msgspec.UNSET
    scopes: list[str] | msgspec.UnsetType | None = msgspec.UNSET

    @property
    def edit(self) -> Edit:
        return Edit(_sent(self.name), _sent(self.description), self.networks, self.scopes)


class KeyRotate(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /customers/api-keys/{id}/rotate``. The old secret works for ``overlap_days``, and ends at once without."""

    overlap_days: int = 0


class KeyVerify(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /admin/verify-api-key``.

    ``source`` and ``user_agent`` are those of the request that brought the key, for the owner to see. A key that is
    restricted to networks is valid only with a ``source`` in one of them. One that is restricted to scopes is valid
    only if it has all of ``scopes``, which are what the service needs.

    Existing services send ``include_customer_keys``. It changes nothing: this service has no keys of that kind.
    """

    api_key: str
    source: str = ""
    user_agent: str = ""
    scopes: list[str] | None = None
    include_customer_keys: bool = False


def _sent(value: str | msgspec.UnsetType) -> str | None:
    return None if isinstance(value, msgspec.UnsetType) else value
