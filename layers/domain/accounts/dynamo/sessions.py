"""The ``sessions`` table: one item a signed-in browser or client, key the SHA-256 of its token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pynamodb.attributes import BooleanAttribute, NumberAttribute, TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from accounts.dynamo.tables import Operation, Table, Write, unavailable_on_failure
from accounts.limits import SESSION_IDLE
from accounts.model import sessions
from accounts.model.audit import Caller
from accounts.model.sessions import Session
from accounts.transactions import Change


class _ByUser(GlobalSecondaryIndex["SessionItem"]):
    class Meta:
        index_name = "by-user"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True)


class SessionItem(Model):
    """As stored. ``expires_at`` is the absolute limit and the table's TTL."""

    digest = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute()
    method = UnicodeAttribute()
    remembered = BooleanAttribute()
    authenticated_at = UTCDateTimeAttribute()
    last_seen_at = UTCDateTimeAttribute()
    expires_at = TTLAttribute()
    idle_seconds = NumberAttribute(null=True)
    source = UnicodeAttribute()
    user_agent = UnicodeAttribute()
    client_id = UnicodeAttribute(null=True)
    scope = UnicodeAttribute(null=True)
    # `refresh` is a method of every model.
    refresh_digest = UnicodeAttribute(null=True)
    refresh_previous = UnicodeAttribute(null=True)
    refresh_salt = UnicodeAttribute(null=True)
    refreshed_at = UTCDateTimeAttribute(null=True)
    by_user = _ByUser()


class SessionsTable(Table[SessionItem]):
    """Sessions in DynamoDB."""

    model = SessionItem

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How each change to a session is written."""
        return {sessions.Start: self._start, sessions.End: self._end, sessions.Rotate: self._rotate}

    def get(self, digest: str) -> Session | None:
        """The session, read consistently; None when there is none. Raises Unavailable."""
        item = self.find(digest)
        return None if item is None else _session(item)

    def of_user(self, user_id: str) -> list[Session]:
        """An account's sessions, by index. Raises Unavailable."""
        with unavailable_on_failure():
            return [_session(item) for item in self.bound.by_user.query(user_id)]

    def touch(self, digest: str, now: datetime) -> None:
        """Write down activity, unless the session has ended meanwhile: it must not come back to life by this."""
        self.note(self.bound(digest), SessionItem.last_seen_at.set(now), SessionItem.digest.exists())

    def _start(self, change: sessions.Start) -> Operation:
        entry = change.session
        item = self.bound(
            entry.digest,
            user_id=entry.user_id,
            method=entry.method,
            remembered=entry.remembered,
            authenticated_at=entry.authenticated_at,
            last_seen_at=entry.last_seen_at,
            expires_at=entry.expires_at,
            idle_seconds=entry.idle // timedelta(seconds=1),
            source=entry.caller.source,
            user_agent=entry.caller.user_agent,
            client_id=entry.client_id or None,
            scope=entry.scope or None,
            refresh_digest=entry.refresh or None,
            refresh_previous=entry.refresh_previous or None,
            refresh_salt=entry.refresh_salt or None,
            refreshed_at=entry.refreshed_at,
        )
        return self.put(item, SessionItem.digest.does_not_exist())

    def _end(self, change: sessions.End) -> Operation:
        return self.delete(self.bound(change.digest))

    def _rotate(self, change: sessions.Rotate) -> Operation:
        read = change.session
        actions = [
            SessionItem.refresh_digest.set(change.refresh),
            SessionItem.refresh_previous.set(read.refresh),
            SessionItem.refresh_salt.set(change.salt),
            SessionItem.refreshed_at.set(change.now),
            SessionItem.last_seen_at.set(change.now),
        ]
        return self.update(self.bound(read.digest), actions, SessionItem.refresh_digest == read.refresh)


def _session(item: SessionItem) -> Session:
    return Session(
        digest=item.digest,
        user_id=item.user_id,
        method=item.method,
        remembered=item.remembered,
        authenticated_at=item.authenticated_at,
        last_seen_at=item.last_seen_at,
        expires_at=item.expires_at,
        idle=_idle(item.idle_seconds),
        caller=Caller(source=item.source, user_agent=item.user_agent),
        client_id=item.client_id or "",
        scope=item.scope or "",
        refresh=item.refresh_digest or "",
        refresh_previous=item.refresh_previous or "",
        refresh_salt=item.refresh_salt or "",
        refreshed_at=item.refreshed_at,
    )


def _idle(seconds: float | None) -> timedelta:
    """A session of the time when this was not written down is held to the shorter limit."""
    return SESSION_IDLE if seconds is None else timedelta(seconds=seconds)
