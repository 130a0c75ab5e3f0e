"""Request bodies: flat, text and booleans only, unknown fields refused. Flows check limits."""

from __future__ import annotations

import msgspec


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


class AccountUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """``PATCH /customers/me``. What is not sent stays as it is."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    language: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def given(self) -> tuple[str | None, str | None]:
        """The name and the language, None for what was not sent."""
        return _sent(self.name), _sent(self.language)


def _sent(value: str | msgspec.UnsetType) -> str | None:
    return None if isinstance(value, msgspec.UnsetType) else value
