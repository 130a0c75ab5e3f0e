"""The content of emails: one type for each template, with the template's values."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct
from msgspec.structs import asdict


class Content(Struct, frozen=True):
    """The tag of each type is the folder of its template."""

    @property
    def template(self) -> str:
        return str(self.__struct_config__.tag)


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
    others: str


class PasswordReset(Content, frozen=True, tag="password_reset"):
    """``others`` are the other login methods, or empty."""

    others: str


class PasswordChanged(Content, frozen=True, tag="password_changed"):
    pass


class PasswordRevoked(Content, frozen=True, tag="password_revoked"):
    pass


class PasswordSet(Content, frozen=True, tag="password_set"):
    pass


class EmailChange(Content, frozen=True, tag="email_change"):
    link: str


class EmailChangeAsked(Content, frozen=True, tag="email_change_asked"):
    pass


class EmailChanged(Content, frozen=True, tag="email_changed"):
    pass


class _Login(Content, frozen=True):
    """``at`` is a time in words."""

    browser: str
    at: str
    source: str


class LoginNewBrowser(_Login, frozen=True, tag="sign_in_new_device"):
    pass


class LoginAfterFailures(_Login, frozen=True, tag="sign_in_after_failures"):
    pass


class _FailedLogins(_Login, frozen=True):
    """``known_browser`` is empty when the owner has not used the browser of the last attempt before."""

    known_browser: str


class LoginsDelayed(_FailedLogins, frozen=True, tag="logins_delayed"):
    pass


class PasswordClosed(_FailedLogins, frozen=True, tag="password_closed"):
    pass


class ClientLoggedIn(_Login, frozen=True, tag="program_signed_in"):
    client: str


class IdentityLinked(Content, frozen=True, tag="identity_linked"):
    provider: str


class IdentityUnlinked(Content, frozen=True, tag="identity_unlinked"):
    """``removed`` is what was removed with the provider, in a word, or empty, and so is ``passkeys``.

    ``methods`` are the remaining login methods in words, or empty.
    """

    provider: str
    removed: str
    methods: str
    passkeys: str


class PasskeyCreated(Content, frozen=True, tag="passkey_created"):
    name: str


class PasskeyRemoved(Content, frozen=True, tag="passkey_removed"):
    """``removed`` and ``passkeys`` are what was removed with it, in a word each, or empty."""

    removed: str
    passkeys: str


class PasskeyCopied(_Login, frozen=True, tag="passkey_copied"):
    name: str


class PasswordRemoved(Content, frozen=True, tag="password_removed"):
    """``others`` are the remaining login methods."""

    others: str


class ApiKeyCreated(Content, frozen=True, tag="api_key_created"):
    name: str


class ApiKeyDeleted(Content, frozen=True, tag="api_key_deleted"):
    """``name`` is empty when it is not known."""

    name: str


class ApiKeyLeaked(Content, frozen=True, tag="api_key_leaked"):
    """``found_in``, in words, and ``url`` may be empty. ``last_used`` is a time in words."""

    name: str
    url: str
    found_in: str
    last_used: str


class Mail(Struct, frozen=True):
    """``site_url`` is configuration: requests cannot change links (CWE-640)."""

    to: str
    content: Content
    site_url: str

    @property
    def template(self) -> str:
        return self.content.template

    @property
    def values(self) -> dict[str, str]:
        return {"site_url": self.site_url, **asdict(self.content)}


class Postman(Protocol):
    def send(self, mail: Mail) -> None:
        """Render and send the email; raises Unavailable."""
