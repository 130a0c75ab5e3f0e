"""Messages on the email queue. None contains a secret or reveals whether an account exists.

A request only queues what was requested for which address. The mailer looks up the account, decides what to send,
creates the token and sends. So a request does the same work for every address.

Some fields have other names on the queue. Messages on it outlive a deployment, so its kinds and names do not change.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import Struct


class _Message(Struct, frozen=True, tag_field="kind"):
    @property
    def kind(self) -> str:
        return self.tag()

    @classmethod
    def tag(cls) -> str:
        return str(cls.__struct_config__.tag)


class Done(_Message, frozen=True, kw_only=True):
    """When and where it was done, as ``user_agents.place`` says. Each may be empty."""

    browser: str = msgspec.field(default="", name="device")
    at: str = ""
    source: str = ""


class _OfKey(Done, frozen=True, kw_only=True):
    """``hint`` is the beginning of the key, or empty."""

    hint: str = msgspec.field(default="", name="identity")


class Signup(_Message, frozen=True, tag="sign_up"):
    """``browser`` is the digest of the cookie of the sign-up, or empty; ``source`` is the caller's network address."""

    email: str
    browser: str = msgspec.field(default="", name="device")
    source: str = ""
    language: str = msgspec.field(default="", name="detail")


class ProviderSignup(_Message, frozen=True, tag="provider_sign_up"):
    """``identity`` is an identity's key."""

    identity: str
    language: str = msgspec.field(default="", name="detail")


class PasswordForgot(_Message, frozen=True, tag="password_forgot"):
    """``known_browser`` is the digest of the caller's cookie, or empty; ``source`` is the caller's network address."""

    email: str
    known_browser: str = msgspec.field(default="", name="device")
    source: str = ""


class EmailChange(_Message, frozen=True, tag="email_change"):
    user_id: str
    email: str
    asked_at: datetime = msgspec.field(name="at")


class EmailChangeAsked(Done, frozen=True, tag="email_change_asked"):
    """``email`` is the address before the change."""

    user_id: str
    email: str


class EmailChanged(Done, frozen=True, tag="email_changed"):
    """``email`` is the address before the change."""

    user_id: str
    email: str


class PasswordSet(Done, frozen=True, tag="password_set"):
    user_id: str


class PasswordReset(Done, frozen=True, tag="password_reset"):
    user_id: str


class PasswordRevoked(_Message, frozen=True, tag="password_revoked"):
    user_id: str


class PasswordChanged(Done, frozen=True, tag="password_changed"):
    user_id: str


class ApiKeyCreated(_OfKey, frozen=True, tag="api_key_created"):
    user_id: str
    name: str = msgspec.field(name="detail")


class ApiKeyRotated(_OfKey, frozen=True, tag="api_key_rotated"):
    """``old_ends`` is when the old secret ends, as ISO 8601, or empty when it has ended."""

    user_id: str
    name: str = msgspec.field(name="detail")
    old_ends: str


ANY = "*"


class ApiKeyLoosened(_OfKey, frozen=True, tag="api_key_loosened"):
    """The key may do more than before: it may come from ``networks``, and is for ``scopes``.

    Each is empty when it does not allow more, and ANY when the restriction was lifted.
    """

    user_id: str
    name: str = msgspec.field(name="detail")
    networks: str = ""
    scopes: str = ""


class ApiKeyDeleted(_OfKey, frozen=True, tag="api_key_deleted"):
    """``name`` is empty when it is not known."""

    user_id: str
    name: str = msgspec.field(default="", name="detail")


class ApiKeyLeaked(_Message, frozen=True, tag="api_key_leaked"):
    """The key was found at ``url``, in ``found_in``, and deleted; each may be empty.

    ``last_used`` is a time as ISO 8601, or empty when it was never used. ``last_browser`` and ``last_source`` are the
    program and the network address of that use, if known.
    """

    user_id: str
    name: str = msgspec.field(name="detail")
    url: str = ""
    found_in: str = ""
    last_used: str = ""
    last_browser: str = msgspec.field(default="", name="device")
    last_source: str = ""


class ApiKeyExpiring(_Message, frozen=True, tag="api_key_expiring"):
    """The last use is as in ``ApiKeyLeaked``."""

    user_id: str
    name: str = msgspec.field(name="detail")
    hint: str
    expires_at: str
    once: str  # Messages with the same one cause one email.
    last_used: str = ""
    last_browser: str = msgspec.field(default="", name="device")
    last_source: str = ""


class ApiKeyNewNetwork(_OfKey, frozen=True, tag="api_key_new_network"):
    """The key was used from a network that it does not remember.

    ``last_used`` and ``last_source`` are the use before: a time as ISO 8601 and a network address, or empty.
    """

    user_id: str
    name: str = msgspec.field(name="detail")
    key_id: str
    user_agent: str = ""
    last_used: str = ""
    last_source: str = ""


class IdentityLinked(Done, frozen=True, tag="identity_linked"):
    """``provider`` is the provider's title."""

    user_id: str
    provider: str = msgspec.field(name="detail")


class IdentityUnlinked(Done, frozen=True, tag="identity_unlinked"):
    """``provider`` is the provider's title; ``removed`` is what was removed with it, in a word, or empty."""

    user_id: str
    provider: str = msgspec.field(name="detail")
    removed: str = msgspec.field(default="", name="identity")


class PasskeyCreated(Done, frozen=True, tag="passkey_created"):
    user_id: str
    name: str = msgspec.field(name="detail")


class PasskeyRemoved(Done, frozen=True, tag="passkey_removed"):
    """``removed`` is what was removed with it, in words, or empty."""

    user_id: str
    removed: str = msgspec.field(name="identity")


class PasswordRemoved(Done, frozen=True, tag="password_removed"):
    user_id: str


class SecondFactorTurnedOn(Done, frozen=True, tag="second_factor_on"):
    user_id: str


class SecondFactorTurnedOff(Done, frozen=True, tag="second_factor_off"):
    user_id: str


class RecoveryCodesReplaced(Done, frozen=True, tag="recovery_codes_replaced"):
    user_id: str


class SecondFactorResetRequested(_Message, frozen=True, tag="second_factor_reset_requested"):
    user_id: str
    reset_at: datetime = msgspec.field(name="at")


class SecondFactorResetCancelled(Done, frozen=True, tag="second_factor_reset_cancelled"):
    user_id: str


class SecondFactorReset(Done, frozen=True, tag="second_factor_reset"):
    user_id: str


class _Login(_Message, frozen=True):
    """``browser`` is from ``user_agents.describe``; ``source`` is a network address."""

    user_id: str
    browser: str = msgspec.field(name="detail")
    at: datetime
    source: str


class _FailedLogins(_Message, frozen=True):
    """As ``_Login``, for any address. ``known_browser`` is the digest of the caller's cookie, or empty."""

    email: str
    browser: str = msgspec.field(name="detail")
    at: datetime
    source: str
    known_browser: str = msgspec.field(default="", name="device")


class LoginsDelayed(_FailedLogins, frozen=True, tag="logins_delayed"):
    """Five failed logins in a row: the next attempts have to wait."""


class PasswordClosed(_FailedLogins, frozen=True, tag="password_closed"):
    """A hundred failed logins in a row: the password is disabled where they came from."""


class LoginNewBrowser(_Login, frozen=True, tag="sign_in_new_device"):
    pass


class LoginAfterFailures(_Login, frozen=True, tag="sign_in_after_failures"):
    pass


class PasskeyCopied(_Login, frozen=True, tag="passkey_copied"):
    """The passkey's signature counter went back. ``name`` is the passkey's."""

    name: str


class SecondFactorFailed(_Login, frozen=True, tag="second_factor_failed"):
    """Three wrong codes in a row: someone passed the first step of a login."""


class RecoveryCodeUsed(_Login, frozen=True, tag="recovery_code_used"):
    pass


class LoginCode(_Login, frozen=True, tag="login_code"):
    """A login in a new browser waits for a code: under the digest ``pending``, with the ``salt`` of its hash.

    The mailer creates the code. With the salt alone, no one can tell it, nor use it.
    """

    pending: str
    salt: str


class ClientLoggedIn(_Login, frozen=True, tag="program_signed_in"):
    """``client`` is the client's name."""

    client: str


LoginNotice = (
    LoginNewBrowser | LoginAfterFailures | ClientLoggedIn | PasskeyCopied | SecondFactorFailed | RecoveryCodeUsed
)
"""Notices of one login."""

OwnerNotice = (
    PasswordSet
    | PasswordReset
    | PasswordRevoked
    | PasswordChanged
    | ApiKeyCreated
    | ApiKeyRotated
    | ApiKeyLoosened
    | ApiKeyDeleted
    | ApiKeyLeaked
    | ApiKeyExpiring
    | ApiKeyNewNetwork
    | IdentityLinked
    | IdentityUnlinked
    | PasskeyCreated
    | PasskeyRemoved
    | PasswordRemoved
    | SecondFactorTurnedOn
    | SecondFactorTurnedOff
    | RecoveryCodesReplaced
    | SecondFactorResetRequested
    | SecondFactorResetCancelled
    | SecondFactorReset
    | LoginNotice
)
"""Notices to the account's current address."""

Notice = OwnerNotice | EmailChangeAsked | EmailChanged
"""Notices of a change to an account. The last two go to the address that they name."""

FailedLogins = LoginsDelayed | PasswordClosed
"""About attempts at the password of an address, which may have no account."""

Message = Signup | ProviderSignup | PasswordForgot | EmailChange | LoginCode | FailedLogins | Notice

# Before 0.2.0, every message had all fields, some of them empty.
_FIELDS = frozenset(
    {"kind", "email", "user_id", "identity", "detail", "at", "source", "device", "client", "name"}
    | {"url", "found_in", "last_used", "old_ends", "hint", "expires_at", "once"}
    | {"key_id", "user_agent", "last_source", "pending", "salt", "networks", "scopes"}
)


class Outbox(Protocol):
    """The email queue."""

    def put(self, message: Message) -> None:
        """Queue the message; raises Unavailable."""


def encode(message: Message) -> str:
    """The message as ASCII JSON, because SQS refuses some characters."""
    return json.dumps(msgspec.to_builtins(message, builtin_types=(datetime,)), default=datetime.isoformat)


def decode(body: str) -> Message:
    """The message that ``encode`` wrote in this version or an earlier one; raises ValueError."""
    fields = msgspec.json.decode(body, type=dict[str, str])
    if not fields.keys() <= _FIELDS:
        unknown = "A message on the queue has a field that no kind has."
        raise ValueError(unknown)
    message: Message = msgspec.convert(fields, Message)
    return message
