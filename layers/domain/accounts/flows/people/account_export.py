"""Export everything that is stored about an account."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.flows.people.activity import latest
from accounts.model import identities, key_secrets, passkeys, users
from accounts.model.api_keys import ApiKeys
from accounts.model.audit import AuditEvents, Record
from accounts.model.identities import Identities, Identity
from accounts.model.key_secrets import Listed
from accounts.model.passkeys import Passkey, Passkeys
from accounts.model.sessions import Session, Sessions
from accounts.model.users import User, Users


class Holdings(Struct, frozen=True):
    """Everything stored about an account, oldest first; ``current`` is the session that asked."""

    user: User
    current: Session
    identities: list[Identity]
    passkeys: list[Passkey]
    sessions: list[Session]
    api_keys: list[Listed]
    activity: list[Record]


class AccountExport(Struct, frozen=True):
    users: Users
    identities: Identities
    passkeys: Passkeys
    api_keys: ApiKeys
    sessions: Sessions
    audit_events: AuditEvents

    def of_session(self, current: Session, now: datetime) -> Holdings:
        """Everything stored about the session's account; raises Unauthenticated when it is not active."""
        user = users.active(self.users, current.user_id)
        sessions = self.sessions.of_user(user.user_id)
        return Holdings(
            user=user,
            current=current,
            identities=sorted(identities.held(self.identities, user), key=lambda entry: (entry.created_at, entry.key)),
            passkeys=passkeys.listed(self.passkeys, user.user_id),
            sessions=sorted(sessions, key=lambda entry: (entry.authenticated_at, entry.digest)),
            api_keys=key_secrets.listed(self.api_keys.of_user(user.user_id), now),
            activity=latest(self.audit_events, user.user_id, now)[::-1],
        )
