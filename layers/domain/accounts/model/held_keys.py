"""The API keys and passkeys on the account's item, where they are counted and ended at once."""

from __future__ import annotations

from datetime import datetime

from accounts.model.users import User
from accounts.transactions import Change


class AddKey(Change, frozen=True):
    """Add an API key. Refused when the account is full, gone or disabled, or does not hold ``session`` or ``beside``.

    ``beside`` is a secret of the same key, which the new one replaces.
    """

    user_id: str
    api_key: str
    at_most: int
    session: str | None = None
    beside: str | None = None


class SwapKeys(Change, frozen=True):
    """Replace the API keys ``ended`` by ``api_key``, if any. Refused when the account has changed since it was read."""

    user: User
    ended: frozenset[str]
    api_key: str | None = None


class DropKey(Change, frozen=True):
    """Remove an API key. Refused when the account does not hold it."""

    user_id: str
    api_key: str


class AddPasskey(Change, frozen=True):
    """Add a passkey. Refused when the account is full, gone or disabled, or does not hold ``session``."""

    user_id: str
    passkey: str
    at_most: int
    session: str


class DropPasskeys(Change, frozen=True):
    """Remove passkeys, and all sessions except ``keeping``.

    Sets ``secured_at``. Refused when the account has changed since it was read.
    """

    user: User
    passkeys: frozenset[str]
    keeping: str
    now: datetime
