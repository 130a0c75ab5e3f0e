"""Passkeys as JSON, without their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from accounts.model.passkeys import public_id
from accounts.web.timestamps import Timestamp, maybe, timestamp

if TYPE_CHECKING:
    from accounts.model import passkeys


class Passkey(Struct):
    """``synced``: the authenticator has copied it to other devices."""

    id: str
    name: str
    synced: bool
    created_at: Timestamp
    last_used_at: Timestamp | None


class Passkeys(Struct):
    passkeys: list[Passkey]


class PasskeyCreated(Struct):
    passkey: Passkey


def passkey(entry: passkeys.Passkey) -> Passkey:
    return Passkey(
        id=public_id(entry.credential_id),
        name=entry.name,
        synced=entry.backed_up,
        created_at=timestamp(entry.created_at),
        last_used_at=maybe(entry.last_used_at),
    )
