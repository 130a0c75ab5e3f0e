"""The content of emails: one type for each, with its values. Only the email edge has words."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Protocol

from msgspec import Struct
from msgspec.structs import asdict

Method = Literal["password", "google", "github", "passkeys"]
"""A way to log in."""
Value = str | bool | datetime | tuple[Method, ...] | None


class Content(Struct, frozen=True):
    """The tag of each type is the name of its template."""

    @property
    def template(self) -> str:
        return str(self.__struct_config__.tag)


class Done(Content, frozen=True, kw_only=True):
    """When and where it was done. Each field is empty when it is not known."""

    browser: str = ""
    at: datetime | str = ""
    source: str = ""


class _OfKey(Done, frozen=True, kw_only=True):
    """``key`` is the beginning of the key, or empty."""

    key: str = ""


class ConfirmEmail(Content, frozen=True, tag="confirm_email"):
    link: str


class ConfirmProviderEmail(Content, frozen=True, tag="confirm_provider_email"):
    link: str
    provider: str


class AlreadyRegistered(Content, frozen=True, tag="already_registered"):
    pass


class PasswordForgot(Content, frozen=True, tag="password_forgot"):
    link: str


class PasswordForgotWithoutPassword(Content, frozen=True, tag="password_forgot_without_password"):
    link: str
    methods: tuple[Method, ...]


class PasswordReset(Done, frozen=True, tag="password_reset"):
    """``methods`` are the other login methods."""

    methods: tuple[Method, ...]


class PasswordChanged(Done, frozen=True, tag="password_changed"):
    pass


class PasswordRevoked(Content, frozen=True, tag="password_revoked"):
    pass


class PasswordSet(Done, frozen=True, tag="password_set"):
    pass


class EmailChange(Content, frozen=True, tag="email_change"):
    link: str


class EmailChangeAsked(Done, frozen=True, tag="email_change_asked"):
    pass


class EmailChanged(Done, frozen=True, tag="email_changed"):
    pass


class _Login(Content, frozen=True):
    browser: str
    at: datetime
    source: str


class LoginNewBrowser(_Login, frozen=True, tag="sign_in_new_device"):
    pass


class LoginAfterFailures(_Login, frozen=True, tag="sign_in_after_failures"):
    pass


class LoginCode(_Login, frozen=True, tag="login_code"):
    code: str
    expires_at: datetime


class _FailedLogins(_Login, frozen=True):
    """``in_known_browser``: the owner has used the browser of the last attempt before."""

    in_known_browser: bool


class LoginsDelayed(_FailedLogins, frozen=True, tag="logins_delayed"):
    pass


class PasswordClosed(_FailedLogins, frozen=True, tag="password_closed"):
    pass


class ClientLoggedIn(_Login, frozen=True, tag="program_signed_in"):
    client: str


class IdentityLinked(Done, frozen=True, tag="identity_linked"):
    provider: str


class IdentityUnlinked(Done, frozen=True, tag="identity_unlinked"):
    """``methods`` are the remaining login methods."""

    provider: str
    password_removed: bool
    passkeys_removed: bool
    methods: tuple[Method, ...]


class PasskeyCreated(Done, frozen=True, tag="passkey_created"):
    name: str


class PasskeyRemoved(Done, frozen=True, tag="passkey_removed"):
    password_removed: bool
    passkeys_removed: bool


class PasskeyCopied(_Login, frozen=True, tag="passkey_copied"):
    name: str


class PasswordRemoved(Done, frozen=True, tag="password_removed"):
    """``methods`` are the remaining login methods."""

    methods: tuple[Method, ...]


class SecondFactorTurnedOn(Done, frozen=True, tag="second_factor_on"):
    pass


class SecondFactorTurnedOff(Done, frozen=True, tag="second_factor_off"):
    pass


class RecoveryCodesReplaced(Done, frozen=True, tag="recovery_codes_replaced"):
    pass


class SecondFactorResetRequested(Content, frozen=True, tag="second_factor_reset_requested"):
    reset_at: datetime


class SecondFactorResetCancelled(Done, frozen=True, tag="second_factor_reset_cancelled"):
    pass


class SecondFactorReset(Done, frozen=True, tag="second_factor_reset"):
    pass


class SecondFactorFailed(_Login, frozen=True, tag="second_factor_failed"):
    pass


class RecoveryCodeUsed(_Login, frozen=True, tag="recovery_code_used"):
    pass


class ApiKeyCreated(_OfKey, frozen=True, tag="api_key_created"):
    name: str


class ApiKeyRotated(_OfKey, frozen=True, tag="api_key_rotated"):
    """``old_ends`` is when the old secret ends, or None when it has ended."""

    name: str
    old_ends: datetime | None


class ApiKeyLoosened(_OfKey, frozen=True, tag="api_key_loosened"):
    """``networks`` and ``scopes`` as in ``messages.ApiKeyLoosened``."""

    name: str
    networks: str
    scopes: str


class ApiKeyDeleted(_OfKey, frozen=True, tag="api_key_deleted"):
    """``name`` is empty when it is not known."""

    name: str


class ApiKeyLeaked(Content, frozen=True, tag="api_key_leaked"):
    """``found_in`` is GitHub's word for the place, or ours; it and ``url`` may be empty.

    ``used_with`` and ``used_from`` are the program and the network address of the last use, if known.
    """

    name: str
    url: str
    found_in: str
    last_used: datetime | None
    used_with: str
    used_from: str


class ApiKeyExpiring(Content, frozen=True, tag="api_key_expiring"):
    """``key`` is the beginning of the key."""

    name: str
    key: str
    expires_at: datetime
    last_used: datetime | None
    used_with: str
    used_from: str


class ApiKeyNewNetwork(_OfKey, frozen=True, tag="api_key_new_network"):
    """``used_before`` and ``source_before`` are of the last use before, if known."""

    name: str
    used_before: datetime | None
    source_before: str


class Mail(Struct, frozen=True):
    """``site_url`` is configuration: requests cannot change links (CWE-640). An empty ``language`` is the default.

    ``greeted`` is the owner's name, for the account's confirmed address only; without one, there is no greeting.
    """

    to: str
    content: Content
    site_url: str
    language: str = ""
    greeted: str = ""

    @property
    def template(self) -> str:
        return self.content.template

    @property
    def values(self) -> dict[str, Any]:
        return {"site_url": self.site_url, "greeted": self.greeted, **asdict(self.content)}


class Postman(Protocol):
    def send(self, mail: Mail) -> None:
        """Render and send the email; raises Unavailable."""
