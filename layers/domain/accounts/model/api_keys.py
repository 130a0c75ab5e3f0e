"""API keys: long-lived secrets that an owner creates and names for a machine.

Format, which clients check and which never changes: ``comfyui-``, 58 random base62 characters, and the CRC-32 of all
that precedes as 6 base62 characters; 72 characters in all. The checksum detects typing errors without a read; it is not
a secret. The digest is also the key's public id, because it cannot be reversed.

A key works until its owner deletes it, or until the time that they chose. That time is compared here: the table's TTL
only sweeps, and leaves an expired key in the list for a while.

A key that was rotated has two secrets for some days, each a noun of its own (``model.key_secrets``).
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol

from msgspec import UNSET, Struct, UnsetType

from accounts import secrets
from accounts.limits import ACTIVITY_INTERVAL
from accounts.model.audit import Caller
from accounts.transactions import Change

PREFIX = "comfyui-"
LENGTH = 72
# A key within other text, for scanners (docs/integrating.md); the checksum says whether it is one.
PATTERN = rf"(?<![0-9A-Za-z]){PREFIX}[0-9A-Za-z]{{{LENGTH - len(PREFIX)}}}(?![0-9A-Za-z])"
_CHECKSUM_CHARACTERS = 6
_RANDOM_CHARACTERS = LENGTH - len(PREFIX) - _CHECKSUM_CHARACTERS
SHOWN_CHARACTERS = len(PREFIX) + 8


class ApiKey(Struct, frozen=True):
    """A key as stored, without its plain text. ``expires_at`` is None for a key that does not expire.

    ``last_used_source`` and ``last_used_agent`` are a network address and a user agent, empty when not known.

    A secret that replaced another has a ``key_id``, and ``rotated_at`` is when. ``ends_at`` is when a secret that was
    replaced ends.

    ``due_at`` is the next moment of ``model.key_expiry``; None for a secret that was replaced.
    ``networks`` are those that it may come from (``model.key_networks``), empty for everywhere. ``seen_networks`` are
    some that it came from (``model.key_uses``), and ``new_network_at`` is when the last new one was noticed.

    ``scopes`` are what it may be used for (``model.key_scopes``), empty for everything.
    """

    digest: str
    user_id: str
    name: str
    description: str
    key_prefix: str
    created_at: datetime
    last_used_at: datetime | None = None
    last_used_source: str = ""
    last_used_agent: str = ""
    expires_at: datetime | None = None
    key_id: str = ""
    rotated_at: datetime | None = None
    ends_at: datetime | None = None
    due_at: datetime | None = None
    networks: str = ""
    seen_networks: str = ""
    new_network_at: datetime | None = None
    scopes: str = ""

    @property
    def id(self) -> str:
        """The key's id, which rotations do not change: the digest of its first secret."""
        return self.key_id or self.digest

    @property
    def held_as(self) -> str:
        """How the account's item lists this secret: by its digest, and by the key's id if that is another."""
        return f"{self.digest}#{self.key_id}" if self.key_id else self.digest

    @property
    def hint(self) -> str:
        """How the owner recognizes the key, as the list shows it."""
        return f"{self.key_prefix}…"

    @property
    def is_alone(self) -> bool:
        """Whether it is the only secret of its key, which was not rotated."""
        return not self.key_id and self.ends_at is None

    @property
    def last_used(self) -> str:
        """``last_used_at`` as ISO 8601, or empty."""
        return self.last_used_at.isoformat() if self.last_used_at else ""

    def is_live(self, now: datetime) -> bool:
        """Whether neither its expiry date nor the end of a secret that was replaced has passed."""
        return all(end is None or now < end for end in (self.expires_at, self.ends_at))

    def may_come_from(self, address: str) -> bool:
        """Whether its owner allows the network of this address."""
        if not self.networks:
            return True
        from accounts.model import key_networks  # noqa: PLC0415 - every function loads this module, and most keys have none

        return key_networks.allow(self.networks, address)

    def has_all(self, scopes: Collection[str]) -> bool:
        """Whether it may do what needs all of these scopes. A restricted key may do nothing that names none."""
        return not self.scopes or (bool(scopes) and set(scopes).issubset(self.scopes.split()))

    def is_due_for_touch(self, now: datetime) -> bool:
        """Whether its use should be recorded again."""
        return self.last_used_at is None or now - self.last_used_at >= ACTIVITY_INTERVAL


class Details(Struct, frozen=True):
    """What an owner asks of a new key, as sent.

    ``expires_at`` is empty for a key that does not expire, ``networks`` None for one that works everywhere, and
    ``scopes`` None for one that may do everything.
    """

    name: str
    description: str = ""
    expires_at: str = ""
    networks: Iterable[str] | None = None
    scopes: Iterable[str] | None = None


class Edit(Struct, frozen=True):
    """What an owner changes of a key, as sent; ``networks`` None for everywhere, ``scopes`` None for everything."""

    name: str | None = None
    description: str | None = None
    networks: Iterable[str] | UnsetType | None = UNSET
    scopes: Iterable[str] | UnsetType | None = UNSET


class Amendment(Struct, frozen=True):
    """What an owner changes of a key, checked. None stays as it is; an empty text lifts a restriction."""

    name: str | None = None
    description: str | None = None
    networks: str | None = None
    scopes: str | None = None


# A secret that was read before, None if there was none; UNSET if it was not read.
type Before = ApiKey | UnsetType | None


class ApiKeys(Protocol):
    def get(self, digest: str) -> ApiKey | None:
        """The key, read consistently, or None."""

    def of_user(self, user_id: str) -> list[ApiKey]:
        """The account's keys, for display only: an index may lag behind."""

    def touch(
        self, digest: str, caller: Caller, now: datetime, seen: str = "", new_network_at: datetime | None = None
    ) -> None:
        """Record that the key was used, by whom, and from which networks, unless it was deleted.

        Without ``seen`` or ``new_network_at``, those stay as they are. A failure is reported and ignored.
        """

    def due(self, now: datetime, at_most: int) -> list[str]:
        """The digests of secrets that are due, the earliest first; an index may lag behind."""


class Add(Change, frozen=True):
    """Store a new key. Refused when its digest exists."""

    api_key: ApiKey


class Remove(Change, frozen=True):
    """Delete a secret. Refused when it does not exist or is not ``user_id``'s.

    With ``alone``, also refused when the key was rotated, so that it may have another.
    """

    digest: str
    user_id: str
    alone: bool = False


class Amend(Change, frozen=True):
    """Change what the secret says of its key. Refused when its key has changed since it was read."""

    key: ApiKey
    to: Amendment


class Replace(Change, frozen=True):
    """Let the secret end at ``ends_at``, no longer due, or delete it.

    Refused when its key has changed since it was read.
    """

    key: ApiKey
    ends_at: datetime | None


class SetDue(Change, frozen=True):
    """Set when the secret is due next, if ever. Refused when it is gone, or due at another time."""

    key: ApiKey
    due_at: datetime | None


class End(Change, frozen=True):
    """Delete a secret, if it exists. Refused when it is not ``user_id``'s.

    For deleting an account: a restored table may lack a key that the account lists.
    """

    digest: str
    user_id: str


def new_plaintext() -> str:
    body = PREFIX + secrets.random_base62(_RANDOM_CHARACTERS)
    return body + _checksum(body)


def is_well_formed(plaintext: str) -> bool:
    """Whether prefix, length and checksum are right."""
    body, checksum = plaintext[:-_CHECKSUM_CHARACTERS], plaintext[-_CHECKSUM_CHARACTERS:]
    return len(plaintext) == LENGTH and plaintext.isascii() and body.startswith(PREFIX) and checksum == _checksum(body)


def _checksum(body: str) -> str:
    """CRC-32 (ISO 3309) of the ASCII text, in base62, most significant digit first, zero-padded to six characters."""
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM_CHARACTERS):
        number, digit = divmod(number, len(secrets.BASE62))
        digits = secrets.BASE62[digit] + digits
    return digits
