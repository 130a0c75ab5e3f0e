"""Messages on the mail queue. None holds a secret, and none says whether an account exists.

A request only queues what was asked of which address. The mailer looks the account up, decides what to say, creates the
token and sends, so a request costs the same for every address.

Field names differ from those on the queue where a message has a better word. The queue outlives a deployment: kinds and
names on it stay.
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
        return str(self.__struct_config__.tag)


class Signup(_Message, frozen=True, tag="sign_up"):
    email: str


class ProviderSignup(_Message, frozen=True, tag="provider_sign_up"):
    """``identity`` is a key."""

    identity: str


class PasswordForgot(_Message, frozen=True, tag="password_forgot"):
    """``known_browser`` is the ``device`` of the caller: the digest of a cookie, or empty."""

    email: str
    known_browser: str = msgspec.field(default="", name="device")


class EmailChange(_Message, frozen=True, tag="email_change"):
    user_id: str
    email: str
    asked_at: datetime = msgspec.field(name="at")


class EmailChangeAsked(_Message, frozen=True, tag="email_change_asked"):
    """``email`` is the address that the account still has."""

    user_id: str
    email: str


class EmailChanged(_Message, frozen=True, tag="email_changed"):
    """``email`` is the address that the account had before."""

    user_id: str
    email: str


class PasswordSet(_Message, frozen=True, tag="password_set"):
    user_id: str


class PasswordReset(_Message, frozen=True, tag="password_reset"):
    user_id: str


class PasswordRevoked(_Message, frozen=True, tag="password_revoked"):
    user_id: str


class PasswordChanged(_Message, frozen=True, tag="password_changed"):
    user_id: str


class ApiKeyCreated(_Message, frozen=True, tag="api_key_created"):
    user_id: str
    name: str = msgspec.field(name="detail")


class ApiKeyDeleted(_Message, frozen=True, tag="api_key_deleted"):
    """``name`` is empty where it is not known."""

    user_id: str
    name: str = msgspec.field(default="", name="detail")


class IdentityLinked(_Message, frozen=True, tag="identity_linked"):
    """``provider`` is a title, as people write it."""

    user_id: str
    provider: str = msgspec.field(name="detail")


class IdentityUnlinked(_Message, frozen=True, tag="identity_unlinked"):
    """``provider`` is a title, as people write it."""

    user_id: str
    provider: str = msgspec.field(name="detail")


class _Login(_Message, frozen=True):
    """``browser`` is what ``user_agents.describe`` says, ``source`` a network address."""

    user_id: str
    browser: str = msgspec.field(name="detail")
    at: datetime
    source: str


class LoginNewBrowser(_Login, frozen=True, tag="sign_in_new_device"):
    pass


class LoginAfterFailures(_Login, frozen=True, tag="sign_in_after_failures"):
    pass


class ClientLoggedIn(_Login, frozen=True, tag="program_signed_in"):
    """``client`` is the program's name."""

    client: str


OwnerNotice = (
    PasswordSet
    | PasswordReset
    | PasswordRevoked
    | PasswordChanged
    | ApiKeyCreated
    | ApiKeyDeleted
    | IdentityLinked
    | IdentityUnlinked
    | LoginNewBrowser
    | LoginAfterFailures
    | ClientLoggedIn
)
"""What an account's owner is told at the address that the account has now."""

Notice = OwnerNotice | EmailChangeAsked | EmailChanged
"""What happened to an account. The last two go to the address that they name, which the account may have left."""

Message = Signup | ProviderSignup | PasswordForgot | EmailChange | Notice

# Until 0.2.0, all messages had all fields; those of other kinds were empty.
_FIELDS = frozenset({"kind", "email", "user_id", "identity", "detail", "at", "source", "device", "client"})


class Outbox(Protocol):
    """The queue that the mailer reads."""

    def put(self, message: Message) -> None:
        """Queue the message; raises Unavailable when the queue refuses it."""


def encode(message: Message) -> str:
    """The message as JSON, in ASCII: SQS refuses some characters."""
    return json.dumps(msgspec.to_builtins(message, builtin_types=(datetime,)), default=datetime.isoformat)


def decode(body: str) -> Message:
    """The message that ``encode`` wrote, here or in an earlier version; raises ValueError for anything else."""
    fields = msgspec.json.decode(body, type=dict[str, str])
    if not fields.keys() <= _FIELDS:
        unknown = "A message on the queue has a field that no kind has."
        raise ValueError(unknown)
    message: Message = msgspec.convert(fields, Message)
    return message
