"""API keys: long-lived secrets that a person makes, names and hands to a machine.

Format (fixed by the clients that check it): ``comfyui-``, 58 random base62 characters, and 6 that are the CRC-32 of all
before them: 72 in all. The checksum turns a typing error away before any table is read; it is no secret.
The digest doubles as the key's public id: it cannot be turned back into the key.
"""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from accounts import secrets, text
from accounts.limits import ACTIVITY_INTERVAL, KEY_DESCRIPTION_MAX_CHARACTERS, KEY_NAME_MAX_CHARACTERS
from accounts.transactions import Change

PREFIX = "comfyui-"
LENGTH = 72
_CHECKSUM_CHARACTERS = 6
_RANDOM_CHARACTERS = LENGTH - len(PREFIX) - _CHECKSUM_CHARACTERS
_SHOWN_CHARACTERS = len(PREFIX) + 8


class ApiKey(Struct, frozen=True):
    """A key as stored: everything but the key."""

    digest: str
    user_id: str
    name: str
    description: str
    key_prefix: str
    created_at: datetime
    last_used_at: datetime | None = None

    def is_due_for_touch(self, now: datetime) -> bool:
        """Whether its use should be written down again."""
        return self.last_used_at is None or now - self.last_used_at >= ACTIVITY_INTERVAL


class ApiKeys(Protocol):
    """Where API keys are kept."""

    def get(self, digest: str) -> ApiKey | None:
        """The key, read consistently; None when there is none."""

    def of_user(self, user_id: str) -> list[ApiKey]:
        """An account's keys, for showing only: an index may lag behind."""

    def touch(self, digest: str, now: datetime) -> None:
        """Write down that the key was used, unless it is gone meanwhile."""


class Add(Change, frozen=True):
    """A new key; refused when its digest exists."""

    api_key: ApiKey


class Remove(Change, frozen=True):
    """The key is gone; refused when there is none, or it is not ``user_id``'s."""

    digest: str
    user_id: str


class End(Change, frozen=True):
    """The key is gone, also if it was before; refused when it is not ``user_id``'s.

    For an account that ends: a table that was restored may lack what the account lists, and that must not keep it open.
    """

    digest: str
    user_id: str


def make(user_id: str, *, name: str, description: str, now: datetime) -> tuple[str, ApiKey]:
    """A new key and its plain text, which is shown once and kept nowhere; raises InvalidInput for a bad name."""
    body = PREFIX + secrets.random_base62(_RANDOM_CHARACTERS)
    plaintext = body + _checksum(body)
    key = ApiKey(
        digest=secrets.digest(plaintext),
        user_id=user_id,
        name=text.line("name", name, at_most=KEY_NAME_MAX_CHARACTERS, required=True),
        description=text.line("description", description, at_most=KEY_DESCRIPTION_MAX_CHARACTERS),
        key_prefix=plaintext[:_SHOWN_CHARACTERS],
        created_at=now,
    )
    return plaintext, key


def is_well_formed(plaintext: str) -> bool:
    """Whether the text can be a key at all: prefix, length and checksum. Asks no table."""
    body, checksum = plaintext[:-_CHECKSUM_CHARACTERS], plaintext[-_CHECKSUM_CHARACTERS:]
    return len(plaintext) == LENGTH and plaintext.isascii() and body.startswith(PREFIX) and checksum == _checksum(body)


def _checksum(body: str) -> str:
    """CRC-32 (ISO 3309) of the ASCII text, in base62, most significant digit first, padded with zeros to six."""
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM_CHARACTERS):
        number, digit = divmod(number, len(secrets.BASE62))
        digits = secrets.BASE62[digit] + digits
    return digits
