"""Tokens that work once: links in emails, authorization codes, and everything else that must not be used twice.

A token is 256 random bits. It is stored under its purpose and its digest. It is consumed by a conditional delete in the
transaction that does what the token is for, so of two concurrent uses only one succeeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol, Self

import msgspec
from msgspec import Struct, field

from accounts import secrets
from accounts.model.consents import Decision
from accounts.model.providers import Intent
from accounts.model.sessions import Method, SecondFactor, Session
from accounts.transactions import Change

Purpose = Literal[
    "sign-up",
    "email-verification",
    "provider-verification",
    "password-reset",
    "email-change",
    "oauth-state",
    "authorization-code",
    "used-authorization-code",
    "device-code",
    "user-code",
    "passkey-creation",
    "passkey-login",
    "passkey-reauthentication",
    "leak-notice",
    "pending-login",
    "login-code",
    "second-factor-setup",
]
# Not a secret: a sign-up that waits for its email, under a digest of its address and browser.
SIGN_UP: Final = "sign-up"
EMAIL_VERIFICATION: Final = "email-verification"
PROVIDER_VERIFICATION: Final = "provider-verification"
PASSWORD_RESET: Final = "password-reset"  # noqa: S105 - a purpose
EMAIL_CHANGE: Final = "email-change"
OAUTH_STATE: Final = "oauth-state"
AUTHORIZATION_CODE: Final = "authorization-code"
# Names the session that a code opened, so that a second use can end it.
USED_CODE: Final = "used-authorization-code"
# The codes of RFC 8628: the device polls with one, and the owner types the other.
DEVICE_CODE: Final = "device-code"
USER_CODE: Final = "user-code"
# The challenges of WebAuthn. Their subject is the digest of the browser's cookie: of its session, or of the login.
PASSKEY_CREATION: Final = "passkey-creation"
PASSKEY_LOGIN: Final = "passkey-login"
PASSKEY_REAUTHENTICATION: Final = "passkey-reauthentication"
# Not a secret: an email about a leaked key that is not on the queue yet, under the key's id.
LEAK_NOTICE: Final = "leak-notice"
# A login whose first factor was right. Its subject is the account.
PENDING_LOGIN: Final = "pending-login"
# Not the code's own digest: the hash of a code by email, under the digest of its pending login.
LOGIN_CODE: Final = "login-code"
# A second factor that is not confirmed yet. Its subject is the digest of the session.
SECOND_FACTOR_SETUP: Final = "second-factor-setup"
# The subject of a device's codes until an account enters the user code; account ids are longer.
UNCLAIMED: Final = "nobody"


class OneTimeToken(Struct, frozen=True):
    """``subject`` is the account, identity, provider or browser that the token is for, ``data`` its stored payload."""

    purpose: Purpose
    digest: str
    subject: str
    issued_at: datetime
    expires_at: datetime
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return token_key(self.purpose, self.digest)


class Payload(Struct, frozen=True):
    """The data of a token of one purpose. Field names are stored."""

    @classmethod
    def of(cls, token: OneTimeToken) -> Self:
        """Raises ValueError when the token lacks a field."""
        return msgspec.convert(token.data, cls)

    def stored(self) -> dict[str, str]:
        return msgspec.structs.asdict(self)


class ProviderState(Payload, frozen=True):
    """``browser`` is the digest of a cookie. ``session`` is the one that links or re-authenticates, or empty."""

    verifier: str
    nonce: str
    return_url: str
    browser: str
    intent: Intent
    session: str


class SignUp(Payload, frozen=True):
    """The payload of SIGN_UP and EMAIL_VERIFICATION.

    ``browser`` is the digest of the cookie by which the browser is known, ``proof`` that of the sign-up's own cookie.
    """

    name: str
    password_hash: str
    browser: str
    # Without one, it was stored by a version that always asked for the password.
    proof: str = ""


class ResetLink(Payload, frozen=True):
    """The payload of PASSWORD_RESET: the account whose password it resets."""

    user_id: str


class PendingLogin(Payload, frozen=True, kw_only=True):
    """The payload of PENDING_LOGIN: the session that the second factor opens, and what it is checked against.

    ``replaces`` is the session that is re-authenticated, or empty. ``totp`` is the sealed secret, and ``streak`` the
    number of its streak. ``failures`` are those of the password before. ``remembered`` and ``known_browser`` are flags.
    ``totp`` is empty when the account has no second factor: the login waits for a code by email.
    """

    identity: str
    method: Method
    remembered: str
    replaces: str
    totp: str
    streak: str
    failures: str
    known_browser: str

    @property
    def awaits_email(self) -> bool:
        return not self.totp


class FactorSetup(Payload, frozen=True):
    """The payload of SECOND_FACTOR_SETUP: the sealed secret."""

    totp: str


class LoginCode(Payload, frozen=True):
    """The payload of LOGIN_CODE: the hash of the code, with its salt."""

    hash: str


class NewAddress(Payload, frozen=True):
    """The payload of EMAIL_CHANGE."""

    email: str


class Allowed(Payload, frozen=True, kw_only=True):
    """What the owner allowed a client, in which session, and how that session was opened.

    ``fingerprint`` is that of the client's document, as the owner saw it; empty for a configured client.
    """

    client_id: str
    # Without one, it was stored by a version that had this service only.
    resource: str = ""
    scope: str
    method: Method
    session: str
    fingerprint: str = ""
    second_factor: SecondFactor = ""
    # Without one, it was stored by a version that did not keep it.
    proven_at: str = ""

    @property
    def auth_time(self) -> datetime | None:
        return datetime.fromisoformat(self.proven_at) if self.proven_at else None


class AuthorizationCode(Allowed, frozen=True, kw_only=True):
    redirect_uri: str
    challenge: str


def consented_in(session: Session) -> dict[str, Any]:
    """The fields of ``Allowed`` about the browser's session in which the owner consents."""
    return {
        "session": session.digest,
        "method": session.method,
        "second_factor": session.second_factor,
        "proven_at": session.authenticated_at.isoformat(),
    }


class UsedCode(Payload, frozen=True):
    session: str


class DeviceRequest(Payload, frozen=True, kw_only=True):
    """The payload of DEVICE_CODE until the owner answers."""

    client_id: str
    resource: str = ""
    scope: str


class DeviceAnswer(Allowed, frozen=True, kw_only=True):
    """The payload of DEVICE_CODE after the owner's answer."""

    decision: Decision


class UserCode(DeviceRequest, frozen=True, kw_only=True):
    """``device`` is the digest of the device code. ``source`` and ``user_agent`` are the device's."""

    device: str
    source: str
    user_agent: str


class LeakNotice(Payload, frozen=True):
    """The payload of LEAK_NOTICE: what the email says. Each text may be empty."""

    name: str
    url: str
    found_in: str
    last_used: str
    # Without these, it was stored by a version that did not keep them.
    last_browser: str = ""
    last_source: str = ""


class OneTimeTokens(Protocol):
    def get(self, key: str) -> OneTimeToken | None:
        """The token, read consistently, or None. The caller checks the expiry."""


class Issue(Change, frozen=True):
    """Store a new token."""

    token: OneTimeToken


class Save(Change, frozen=True):
    """Store a token, replacing the one with its key."""

    token: OneTimeToken


class Take(Change, frozen=True):
    """Replace a token that is unclaimed or its subject's; refused otherwise."""

    token: OneTimeToken


class Consume(Change, frozen=True):
    """Delete the token. Refused when it does not exist."""

    key: str


class Discard(Change, frozen=True):
    """Delete the token, if it exists."""

    key: str


def issue(
    purpose: Purpose, subject: str, *, lifetime: timedelta, now: datetime, payload: Payload | None = None
) -> tuple[str, OneTimeToken]:
    """A new token and its plain text, which only its recipient may get."""
    plaintext = secrets.new_token()
    data = payload.stored() if payload else {}
    return plaintext, OneTimeToken(purpose, secrets.digest(plaintext), subject, now, now + lifetime, data)


def find(tokens: OneTimeTokens, purpose: Purpose, plaintext: str, now: datetime) -> OneTimeToken | None:
    """The token; None when it is unknown, used, expired or has another purpose."""
    token = tokens.get(token_key(purpose, secrets.digest(plaintext)))
    return token if token is not None and now < token.expires_at else None


def token_key(purpose: Purpose, digest: str) -> str:
    """Contains the purpose, so that a token cannot be used for another purpose."""
    return f"{purpose}#{digest}"
