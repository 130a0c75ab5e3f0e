"""The identities of an account as JSON, for the account page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

from accounts.model.address_changes import pending_change
from accounts.model.identities import public_id
from accounts.web import presenters
from accounts.web.timestamps import Timestamp, timestamp

if TYPE_CHECKING:
    from accounts.model import identities as model


class Identity(Struct):
    """An identity, without its subject and password hash."""

    id: str
    provider: str
    email: str
    can_log_in: bool
    created_at: Timestamp


class ListedIdentity(Identity):
    """An identity for the account page."""

    email_shown: str


class PendingChange(Struct):
    """The address that the owner asked to change to; the emailed link works until ``expires_at``."""

    email: str
    email_shown: str
    expires_at: Timestamp


class Identities(Struct):
    """``pending_change``: whether the new address is free does not show."""

    identities: list[ListedIdentity]
    pending_change: PendingChange | None


def identity(entry: model.Identity) -> Identity:
    return Identity(
        id=public_id(entry.key),
        provider=entry.provider,
        email=entry.email,
        can_log_in=entry.is_login_method,
        created_at=timestamp(entry.created_at),
    )


def listed_identity(entry: model.Identity) -> ListedIdentity:
    return ListedIdentity(**asdict(identity(entry)), email_shown=presenters.email_shown(entry.email))


def listed_identities(held: Sequence[model.Identity], now: datetime) -> Identities:
    wanted = pending_change(held, now)
    return Identities([listed_identity(entry) for entry in held], _pending(*wanted) if wanted else None)


def _pending(email: str, until: datetime) -> PendingChange:
    return PendingChange(email, presenters.email_shown(email), timestamp(until))
