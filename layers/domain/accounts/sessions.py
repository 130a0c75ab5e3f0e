"""Signed-in browsers: opaque random tokens, of which only the digest is kept.

A session ends when it is idle for too long or at its absolute limit, whichever comes first. Activity extends the idle
limit only; nothing but a new log-in extends the absolute one (NIST SP 800-63B-4 2.2.3, 5.2). Both are compared here:
the table's TTL only sweeps. The digest doubles as the session's public id: it cannot be turned back into the token.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from accounts import secrets
from accounts.audit import Caller
from accounts.limits import (
    ACTIVITY_INTERVAL,
    FRESH_LOGIN,
    REMEMBERED_SESSION_IDLE,
    REMEMBERED_SESSION_LIFETIME,
    SESSION_IDLE,
    SESSION_LIFETIME,
)
from accounts.transactions import Change


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. ``method`` is how the person proved who they are: ``password``, ``google``, ``github``."""

    digest: str
    user_id: str
    method: str
    remembered: bool
    authenticated_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    caller: Caller

    def is_live(self, now: datetime) -> bool:
        """Whether neither limit has passed. At the limit itself the session has ended."""
        return now < min(self.expires_at, self.last_seen_at + idle_limit(remembered=self.remembered))

    def is_fresh(self, now: datetime) -> bool:
        """Whether the log-in is recent enough for steps that hand out or take away access."""
        return now - self.authenticated_at <= FRESH_LOGIN

    def is_due_for_touch(self, now: datetime) -> bool:
        """Whether activity should be written down again."""
        return now - self.last_seen_at >= ACTIVITY_INTERVAL


class Sessions(Protocol):
    """Where sessions are kept."""

    def get(self, digest: str) -> Session | None:
        """The session, read consistently by its key; None when there is none."""

    def of_user(self, user_id: str) -> list[Session]:
        """An account's sessions, for showing only: an index may lag behind."""

    def touch(self, digest: str, now: datetime) -> None:
        """Write down activity, unless the session has ended meanwhile."""


@dataclass(frozen=True, slots=True)
class Start(Change):
    """A new session."""

    session: Session


@dataclass(frozen=True, slots=True)
class End(Change):
    """The session is gone, if it was there."""

    digest: str


def start(user_id: str, *, method: str, remembered: bool, caller: Caller, now: datetime) -> tuple[str, Session]:
    """A new session and its token. The token goes into the cookie and nowhere else."""
    token = secrets.new_token()
    lifetime = REMEMBERED_SESSION_LIFETIME if remembered else SESSION_LIFETIME
    session = Session(
        digest=secrets.digest(token),
        user_id=user_id,
        method=method,
        remembered=remembered,
        authenticated_at=now,
        last_seen_at=now,
        expires_at=now + lifetime,
        # A session is not to be found by the browser it lives in.
        caller=replace(caller, device=""),
    )
    return token, session


def idle_limit(*, remembered: bool) -> timedelta:
    """How long a session may go unused."""
    return REMEMBERED_SESSION_IDLE if remembered else SESSION_IDLE
