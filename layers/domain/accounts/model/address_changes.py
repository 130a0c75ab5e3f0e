"""The change of address that an owner asked for, kept with the address that the account has."""

from __future__ import annotations

from collections.abc import Sequence
from copy import replace
from datetime import datetime

from accounts.limits import EMAIL_CHANGE_LIFETIME
from accounts.model.identities import Identity


def wanting(identity: Identity, email: str | None, now: datetime) -> Identity:
    """The identity after its owner asked to change its address to ``email``, or None for a cancelled change.

    Links and requests from before are no longer valid.
    """
    return replace(identity, pending_change=None, wanted_email=email, wanted_at=now)


def is_wanted_since(identity: Identity, asked_at: datetime) -> bool:
    """Whether a change of address from ``asked_at`` was neither cancelled nor replaced since."""
    return identity.wanted_at is None or asked_at >= identity.wanted_at


def pending_change(held: Sequence[Identity], now: datetime) -> tuple[str, datetime] | None:
    """The address that the owner asked for and when its link expires; None when no change is pending."""
    asked = ((it.wanted_email, it.wanted_at + EMAIL_CHANGE_LIFETIME) for it in held if it.wanted_email and it.wanted_at)
    return next(((email, until) for email, until in asked if now < until), None)
