"""Signed-in browsers and clients: opaque random tokens, of which only the digest is kept.

A session ends when it is idle for too long or at its absolute limit, whichever comes first. Activity extends the idle
limit only; nothing but a new log-in extends the absolute one (NIST SP 800-63B-4 2.2.3, 5.2). Both are compared here:
the table's TTL only sweeps. The digest doubles as the session's public id: it cannot be turned back into the token.

A client is a program that a person let in. Its token goes by the name of refresh token and has two halves: one finds
the session, as a browser's token does, and the other changes with every use. Whoever comes with the first half had a
refresh token of this session once; whoever comes with a second half that is no longer good has one that somebody else
has used, and the session ends (RFC 9700 4.14.2). The id alone, which other services read in access tokens, ends
nothing.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from msgspec import Struct

from accounts import secrets
from accounts.limits import (
    ACTIVITY_INTERVAL,
    FRESH_LOGIN,
    REMEMBERED_SESSION_IDLE,
    REMEMBERED_SESSION_LIFETIME,
    SESSION_IDLE,
    SESSION_IDLE_AT_LEAST,
    SESSION_LIFETIME,
)
from accounts.model.audit import Caller
from accounts.model.providers import ProviderName
from accounts.settings import Settings
from accounts.transactions import Change

Method = Literal["password"] | ProviderName
"""How the owner proved who they are."""
PASSWORD: Final = "password"  # noqa: S105 - a method


class Length(Struct, frozen=True):
    """For how long a session lasts whatever happens, and for how long it may go unused."""

    absolute: timedelta
    idle: timedelta


class Lengths(Struct, frozen=True):
    """How long sessions last in a deployment: of a browser that is to forget the person, and of one that remembers."""

    forgotten: Length
    remembered: Length

    def of(self, *, remembered: bool) -> Length:
        """One of the two."""
        return self.remembered if remembered else self.forgotten


# Of a deployment that does not want less.
LONGEST = Lengths(Length(SESSION_LIFETIME, SESSION_IDLE), Length(REMEMBERED_SESSION_LIFETIME, REMEMBERED_SESSION_IDLE))


class Session(Struct, frozen=True):
    """A signed-in browser or client. ``method`` is how the person proved who they are: ``password``, ``google``...

    A client has its ``client_id``, the ``scope`` it was granted, and the digests of the second half of its refresh
    token: of the one that is good, and of the one before, which was exchanged at ``refreshed_at``. The good one follows
    from the one before and ``refresh_salt``, so that a client which has lost it can be given it again.
    """

    digest: str
    user_id: str
    method: Method
    remembered: bool
    authenticated_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    idle: timedelta
    caller: Caller
    client_id: str = ""
    scope: str = ""
    refresh: str = ""
    refresh_previous: str = ""
    refresh_salt: str = ""
    refreshed_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether neither limit has passed. At the limit itself the session has ended."""
        return now < min(self.expires_at, self.last_seen_at + self.idle)

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


class Start(Change, frozen=True):
    """A new session."""

    session: Session


class End(Change, frozen=True):
    """The session is gone, if it was there."""

    digest: str


class Rotate(Change, frozen=True):
    """The client's next refresh token is the one with this ``refresh``; refused unless it is as it was read."""

    session: Session
    refresh: str
    salt: str
    now: datetime


def start(
    user_id: str, *, method: Method, remembered: bool, lengths: Lengths, caller: Caller, now: datetime
) -> tuple[str, Session]:
    """A new session and its token. The token goes into the cookie and nowhere else."""
    token, length = secrets.new_token(), lengths.of(remembered=remembered)
    session = Session(
        digest=secrets.digest(token),
        user_id=user_id,
        method=method,
        remembered=remembered,
        authenticated_at=now,
        last_seen_at=now,
        expires_at=now + length.absolute,
        idle=length.idle,
        # A session is not to be found by the browser it lives in.
        caller=replace(caller, known_browser=""),
    )
    return token, session


def start_client(
    user_id: str, *, client_id: str, scope: str, method: Method, lengths: Lengths, caller: Caller, now: datetime
) -> tuple[str, Session]:
    """A new session of a client and its first refresh token, which goes into the answer and nowhere else.

    It lasts as long as that of a browser that is remembered.
    """
    found_by, session = start(user_id, method=method, remembered=True, lengths=lengths, caller=caller, now=now)
    refresh = secrets.new_token()
    session = replace(session, client_id=client_id, scope=scope, refresh=secrets.digest(refresh))
    return refresh_token(found_by, refresh), session


def refresh_token(found_by: str, refresh: str) -> str:
    """The two halves as a client gets them."""
    return f"{found_by}.{refresh}"


def halves(token: str) -> tuple[str, str] | None:
    """The two halves of a refresh token; None for what cannot be one."""
    found_by, _, refresh = token.partition(".")
    return (found_by, refresh) if secrets.is_token(found_by) and secrets.is_token(refresh) else None


def lengths_of(settings: Settings) -> Lengths:
    """How long sessions last here, at most as long as the limits; raises ConfigurationError."""
    hour, minute, day = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
    forgotten = Length(
        _length(settings, "SESSION_HOURS", hour, hour, SESSION_LIFETIME),
        _length(settings, "SESSION_IDLE_MINUTES", minute, SESSION_IDLE_AT_LEAST, SESSION_IDLE),
    )
    remembered = Length(
        _length(settings, "REMEMBERED_SESSION_DAYS", day, day, REMEMBERED_SESSION_LIFETIME),
        _length(settings, "REMEMBERED_SESSION_IDLE_DAYS", day, day, REMEMBERED_SESSION_IDLE),
    )
    return Lengths(forgotten, remembered)


def _length(settings: Settings, name: str, unit: timedelta, shortest: timedelta, longest: timedelta) -> timedelta:
    return settings.number(name, at_least=shortest // unit, at_most=longest // unit) * unit
