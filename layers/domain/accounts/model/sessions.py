"""Sessions of browsers and clients: opaque random tokens, stored as digests.

A session ends at its idle limit or its absolute limit, whichever is first. Activity extends the idle limit; only a new
login extends the absolute one (NIST SP 800-63B-4 2.2.3, 5.2). Both are compared here: the table's TTL only sweeps. The
digest is also the session's public id, because it cannot be reversed.

A client's refresh token has two parts. The first finds the session, like a browser's token. The second changes with
every use. If a request has the right first part and an outdated second part, the token was copied, and the session ends
(RFC 9700 4.14.2). The session id in access tokens, which other services read, cannot end a session.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from msgspec import Struct

from accounts import secrets
from accounts.errors import ReauthenticationRequired
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

Method = Literal["password", "passkey"] | ProviderName
"""How the owner proved who they are."""
PASSWORD: Final = "password"  # noqa: S105 - a method
PASSKEY: Final = "passkey"
SecondFactor = Literal["", "totp", "recovery_code"]
"""What was proven after the method, or nothing."""


class Length(Struct, frozen=True):
    """The absolute and the idle limit of a session."""

    absolute: timedelta
    idle: timedelta


class Lengths(Struct, frozen=True):
    """The deployment's limits of sessions with and without "remember me"."""

    default: Length
    remembered: Length

    def of(self, *, remembered: bool) -> Length:
        return self.remembered if remembered else self.default


# The default.
LONGEST = Lengths(Length(SESSION_LIFETIME, SESSION_IDLE), Length(REMEMBERED_SESSION_LIFETIME, REMEMBERED_SESSION_IDLE))


class Session(Struct, frozen=True):
    """``method`` is how the owner logged in, and ``passkey`` the public id of the passkey that they used, or empty.

    ``second_factor`` is what they proved after it in this login: none in a browser that is trusted.
    An ``enrolling`` one only sets up a second factor, which the deployment requires and the login lacked.

    A client's session has ``client_id``, ``resource`` (empty for this service), ``scope`` and the digests of the second
    part of its refresh token: ``refresh`` is valid, ``refresh_previous`` was exchanged at ``refreshed_at``. The valid
    one is derived from the previous one and ``refresh_salt``, so that a client that lost the response can get it again.
    Its ``method``, ``second_factor`` and ``proven_at`` are those of the session in which the owner consented.
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
    resource: str = ""
    scope: str = ""
    refresh: str = ""
    refresh_previous: str = ""
    refresh_salt: str = ""
    refreshed_at: datetime | None = None
    passkey: str = ""
    second_factor: SecondFactor = ""
    proven_at: datetime | None = None
    enrolling: bool = False

    @property
    def auth_time(self) -> datetime | None:
        """When the owner last proved who they are. None for a client whose session is older than ``proven_at``."""
        return self.proven_at if self.client_id else self.authenticated_at

    @property
    def opened_with(self) -> str:
        """What opened it: a passkey, by its public id, or any other method, by its name."""
        return self.passkey or self.method

    def is_live(self, now: datetime) -> bool:
        """Whether neither limit has been reached."""
        return now < min(self.expires_at, self.last_seen_at + self.idle)

    def is_fresh(self, now: datetime) -> bool:
        """Whether the login is recent enough for steps that grant or revoke access."""
        return now - self.authenticated_at <= FRESH_LOGIN

    def is_due_for_touch(self, now: datetime) -> bool:
        """Whether activity should be recorded again."""
        return now - self.last_seen_at >= ACTIVITY_INTERVAL


class Sessions(Protocol):
    def get(self, digest: str) -> Session | None:
        """The session, read consistently, or None."""

    def of_user(self, user_id: str) -> list[Session]:
        """The account's sessions, for display only: an index may lag behind."""

    def touch(self, digest: str, now: datetime) -> None:
        """Record activity, unless the session has ended. A failure is reported and ignored."""


class Start(Change, frozen=True):
    """Store a new session."""

    session: Session


class End(Change, frozen=True):
    """Delete the session, if it exists."""

    digest: str


class Enrol(Change, frozen=True):
    """End ``enrolling``: the owner has set up a second factor. Refused when the session has ended."""

    digest: str


class Rotate(Change, frozen=True):
    """Make ``refresh`` the client's valid digest. Refused when the session has changed since it was read."""

    session: Session
    refresh: str
    salt: str
    now: datetime


def require_fresh(session: Session | None, now: datetime) -> None:
    """Raise ReauthenticationRequired unless the login is recent enough for a step that grants or revokes access."""
    if session is None or not session.is_fresh(now):
        raise ReauthenticationRequired


def note_activity(store: Sessions, session: Session, now: datetime) -> None:
    """Record the session's activity when due."""
    if session.is_due_for_touch(now):
        store.touch(session.digest, now)


def start(
    user_id: str, *, method: Method, remembered: bool, lengths: Lengths, caller: Caller, now: datetime
) -> tuple[str, Session]:
    """A new session and its token, which belongs in the cookie and nowhere else."""
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
        # The known browser must not lead to the session.
        caller=replace(caller, known_browser=""),
    )
    return token, session


def start_client(
    user_id: str,
    *,
    client_id: str,
    resource: str,
    scope: str,
    method: Method,
    second_factor: SecondFactor,
    proven_at: datetime | None,
    lengths: Lengths,
    caller: Caller,
    now: datetime,
) -> tuple[str, Session]:
    """A new session of a client and its first refresh token, which belongs in the response and nowhere else.

    It lasts as long as a browser's session with "remember me".
    """
    found_by, session = start(user_id, method=method, remembered=True, lengths=lengths, caller=caller, now=now)
    refresh = secrets.new_token()
    session = replace(
        session,
        client_id=client_id,
        resource=resource,
        scope=scope,
        refresh=secrets.digest(refresh),
        second_factor=second_factor,
        proven_at=proven_at,
    )
    return refresh_token(found_by, refresh), session


def refresh_token(found_by: str, refresh: str) -> str:
    return f"{found_by}.{refresh}"


def halves(token: str) -> tuple[str, str] | None:
    """The two parts of a refresh token, or None when the text cannot be one."""
    found_by, _, refresh = token.partition(".")
    return (found_by, refresh) if secrets.is_token(found_by) and secrets.is_token(refresh) else None


def lengths_of(settings: Settings) -> Lengths:
    """The configured limits, at most those of ``accounts.limits``; raises ConfigurationError."""
    hour, minute, day = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
    default = Length(
        _length(settings, "SESSION_HOURS", hour, hour, SESSION_LIFETIME),
        _length(settings, "SESSION_IDLE_MINUTES", minute, SESSION_IDLE_AT_LEAST, SESSION_IDLE),
    )
    remembered = Length(
        _length(settings, "REMEMBERED_SESSION_DAYS", day, day, REMEMBERED_SESSION_LIFETIME),
        _length(settings, "REMEMBERED_SESSION_IDLE_DAYS", day, day, REMEMBERED_SESSION_IDLE),
    )
    return Lengths(default, remembered)


def _length(settings: Settings, name: str, unit: timedelta, shortest: timedelta, longest: timedelta) -> timedelta:
    return settings.number(name, at_least=shortest // unit, at_most=longest // unit) * unit
