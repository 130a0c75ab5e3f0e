"""The content of notices to an account's address: what changed, and how its owner can still log in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from accounts.flows.mail import mails
from accounts.flows.mail.mails import Content, Method
from accounts.model import messages
from accounts.model.messages import LoginNotice, OwnerNotice
from accounts.model.providers import GITHUB, GOOGLE
from accounts.model.users import User

_PROVIDERS: tuple[Method, ...] = (GOOGLE, GITHUB)
# Emails of nothing but when and where.
_PLAIN: Mapping[type[Struct], Callable[..., Content]] = {
    messages.PasswordSet: mails.PasswordSet,
    messages.PasswordChanged: mails.PasswordChanged,
    messages.SecondFactorTurnedOn: mails.SecondFactorTurnedOn,
    messages.SecondFactorTurnedOff: mails.SecondFactorTurnedOff,
    messages.RecoveryCodesReplaced: mails.RecoveryCodesReplaced,
    messages.SecondFactorResetCancelled: mails.SecondFactorResetCancelled,
    messages.SecondFactorReset: mails.SecondFactorReset,
}
# Notices that say what was added or removed by its name.
_Named = (
    messages.ApiKeyCreated
    | messages.ApiKeyRotated
    | messages.ApiKeyLoosened
    | messages.ApiKeyDeleted
    | messages.ApiKeyLeaked
    | messages.ApiKeyExpiring
    | messages.ApiKeyNewNetwork
    | messages.PasskeyCreated
    | messages.IdentityLinked
)
_OfKey = (
    messages.ApiKeyCreated
    | messages.ApiKeyRotated
    | messages.ApiKeyLoosened
    | messages.ApiKeyDeleted
    | messages.ApiKeyNewNetwork
)


def content(message: OwnerNotice, user: User, has_password: Callable[[], bool]) -> Content:  # noqa: PLR0911 - a table
    """``has_password`` reads whether the account's address can log in with a password."""
    match message:
        case messages.PasswordRevoked():
            return mails.PasswordRevoked()
        case messages.PasswordReset():
            return mails.PasswordReset(other_methods(user), **place(message))
        case messages.PasswordRemoved():
            return mails.PasswordRemoved(other_methods(user), **place(message))
        case messages.IdentityUnlinked():
            others = other_methods(user)
            methods: tuple[Method, ...] = ("password", *others) if has_password() else others
            return mails.IdentityUnlinked(message.provider, *_removed(message), methods, **place(message))
        case messages.PasskeyRemoved():
            return mails.PasskeyRemoved(*_removed(message), **place(message))
        case messages.SecondFactorResetRequested():
            return mails.SecondFactorResetRequested(message.reset_at)
        case _ if isinstance(message, LoginNotice):
            return _login(message)
        case _ if isinstance(message, _Named):
            return _named(message)
    return _PLAIN[type(message)](**place(message))


def _named(message: _Named) -> Content:  # noqa: PLR0911 - a table
    match message:
        case messages.ApiKeyCreated():
            return mails.ApiKeyCreated(message.name, **_of_key(message))
        case messages.ApiKeyRotated():
            ends = datetime.fromisoformat(message.old_ends) if message.old_ends else None
            return mails.ApiKeyRotated(message.name, ends, **_of_key(message))
        case messages.ApiKeyLoosened():
            return mails.ApiKeyLoosened(message.name, message.networks, message.scopes, **_of_key(message))
        case messages.ApiKeyDeleted():
            return mails.ApiKeyDeleted(message.name, **_of_key(message))
        case messages.ApiKeyLeaked():
            return mails.ApiKeyLeaked(message.name, message.url, message.found_in, *_last_use(message))
        case messages.ApiKeyExpiring():
            expires_at = datetime.fromisoformat(message.expires_at)
            return mails.ApiKeyExpiring(message.name, message.hint, expires_at, *_last_use(message))
        case messages.ApiKeyNewNetwork():
            before = _moment(message.last_used), message.last_source
            return mails.ApiKeyNewNetwork(message.name, *before, **_of_key(message))
        case messages.PasskeyCreated():
            return mails.PasskeyCreated(message.name, **place(message))
        case messages.IdentityLinked():
            return mails.IdentityLinked(message.provider, **place(message))


def _of_key(message: _OfKey) -> dict[str, Any]:
    return {"key": message.hint, **place(message)}


def place(message: messages.Done) -> dict[str, Any]:
    """When and where it was done. Messages of earlier versions do not say it."""
    return {"browser": message.browser, "at": _moment(message.at) or "", "source": message.source}


def _last_use(message: messages.ApiKeyLeaked | messages.ApiKeyExpiring) -> tuple[datetime | None, str, str]:
    return _moment(message.last_used), message.last_browser, message.last_source


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _removed(message: messages.IdentityUnlinked | messages.PasskeyRemoved) -> tuple[bool, bool]:
    """Whether a password was removed with a login method, and whether passkeys were."""
    return "password" in message.removed, "passkeys" in message.removed


def _login(message: LoginNotice) -> Content:
    about = (message.browser, message.at, message.source)
    match message:
        case messages.LoginNewBrowser():
            return mails.LoginNewBrowser(*about)
        case messages.LoginAfterFailures():
            return mails.LoginAfterFailures(*about)
        case messages.ClientLoggedIn():
            return mails.ClientLoggedIn(*about, message.client)
        case messages.PasskeyCopied():
            return mails.PasskeyCopied(*about, message.name)
        case messages.SecondFactorFailed():
            return mails.SecondFactorFailed(*about)
        case messages.RecoveryCodeUsed():
            return mails.RecoveryCodeUsed(*about)


def other_methods(user: User) -> tuple[Method, ...]:
    """The login methods besides a password."""
    names = {key.partition("#")[0] for key in user.identities}
    providers = tuple(name for name in _PROVIDERS if name in names)
    return (*providers, "passkeys") if user.passkeys else providers
