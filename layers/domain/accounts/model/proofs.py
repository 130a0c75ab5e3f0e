"""Proofs of work, which a page computes when many requests come from its network."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

from msgspec import Struct

# What a proof is for; one for another purpose is refused.
Purpose = Literal["login", "signup", "resend", "forgot"]


class Proof(Struct, frozen=True):
    """A proof that was checked. ``id`` identifies its challenge, which may be used once until ``expires_at``."""

    id: str
    expires_at: datetime


class Proofs(Protocol):
    """Issues challenges and checks their solutions. Stores nothing."""

    def challenge(self, purpose: Purpose, source: str, now: datetime) -> Mapping[str, Any]:
        """A new challenge for ``source``, as JSON. Raises Unavailable."""

    def check(self, text: str, purpose: Purpose, source: str, now: datetime) -> Proof | None:
        """The proof, if its challenge is for this purpose and source and has not expired. Raises Unavailable."""
