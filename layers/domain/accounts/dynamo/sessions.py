"""The ``sessions`` table: one item per browser or client that is logged in, under the SHA-256 of its token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pynamodb.attributes import BooleanAttribute, TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from accounts.dynamo.mapping import ItemMapping, SecondsAttribute
from accounts.dynamo.tables import Operation, Table, Write
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
    """``expires_at`` is the absolute limit and the table's TTL."""

    digest = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute()
    method = UnicodeAttribute()
    remembered = BooleanAttribute()
    authenticated_at = UTCDateTimeAttribute()
    last_seen_at = UTCDateTimeAttribute()
    expires_at = TTLAttribute()
    # A session without one is older than this attribute, and gets the shorter limit.
    idle_seconds = SecondsAttribute(default=SESSION_IDLE)
    source = UnicodeAttribute()
    user_agent = UnicodeAttribute()
    client_id = UnicodeAttribute(null=True)
    resource = UnicodeAttribute(null=True)
    scope = UnicodeAttribute(null=True)
    # `refresh` is a method of every model.
    refresh_digest = UnicodeAttribute(null=True)
    refresh_previous = UnicodeAttribute(null=True)
    refresh_salt = UnicodeAttribute(null=True)
    refreshed_at = UTCDateTimeAttribute(null=True)
    passkey = UnicodeAttribute(null=True)
    second_factor = UnicodeAttribute(null=True)
    proven_at = UTCDateTimeAttribute(null=True)
    enrolling = BooleanAttribute(null=True)
    by_user = _ByUser()


class SessionsTable(Table[Session]):
    """Sessions in DynamoDB."""

    model = SessionItem
    mapping = ItemMapping(
        Session,
        SessionItem,
        renamed={"idle": "idle_seconds", "refresh": "refresh_digest"},
        nested={"caller": Caller},
    )

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How each change to a session is written."""
        return {
            sessions.Start: self._start,
            sessions.End: self._end,
            sessions.Enrol: self._enrol,
            sessions.Rotate: self._rotate,
        }

    def get(self, digest: str) -> Session | None:
        """The session, read consistently; None when there is none. Raises Unavailable."""
        return self.find(digest)

    def of_user(self, user_id: str) -> list[Session]:
        """An account's sessions, by index. Raises Unavailable."""
        return self.query(user_id, index_name=_ByUser.Meta.index_name)

    def touch(self, digest: str, now: datetime) -> None:
        """Record activity, unless the session is gone: this must not restore a session that has ended. Never raises."""
        self.note(digest, [SessionItem.last_seen_at.set(now)], SessionItem.digest.exists())

    def _start(self, change: sessions.Start) -> Operation:
        return self.put(change.session, SessionItem.digest.does_not_exist())

    def _end(self, change: sessions.End) -> Operation:
        return self.delete(change.digest)

    def _enrol(self, change: sessions.Enrol) -> Operation:
        return self.update(change.digest, [SessionItem.enrolling.remove()], SessionItem.digest.exists())

    def _rotate(self, change: sessions.Rotate) -> Operation:
        read = change.session
        actions = [
            SessionItem.refresh_digest.set(change.refresh),
            SessionItem.refresh_previous.set(read.refresh),
            SessionItem.refresh_salt.set(change.salt),
            SessionItem.refreshed_at.set(change.now),
            SessionItem.last_seen_at.set(change.now),
        ]
        return self.update(read.digest, actions, SessionItem.refresh_digest == read.refresh)
