"""Remove the password of an account that has two other login methods."""

from __future__ import annotations

from copy import replace
from datetime import datetime

from msgspec import Struct

from accounts.errors import LoginMethodsMissing
from accounts.flows.people.password_change import with_password
from accounts.limits import LOGIN_METHODS_WITHOUT_PASSWORD
from accounts.model import identities, messages, sessions, user_agents, users
from accounts.model.audit import Caller, Record
from accounts.model.identities import Identities
from accounts.model.messages import Outbox
from accounts.model.sessions import Session
from accounts.model.users import Users
from accounts.transactions import Transactions, retry_on_conflict


class PasswordRemoval(Struct, frozen=True):
    """Ends all other sessions and emailed links of the account, as every loss of a login method does."""

    users: Users
    identities: Identities
    transactions: Transactions
    notices: Outbox

    def remove(self, session: Session, caller: Caller, now: datetime) -> None:
        """Raises PasswordMissing, LoginMethodsMissing, or Unauthenticated when the session has ended.

        The account's revision is a condition of the write, so no concurrent call removes another login method.
        """
        retry_on_conflict(lambda: self._remove(session, caller, now))
        self.notices.put(messages.PasswordRemoved(session.user_id, **user_agents.place(caller, now)))

    def _remove(self, session: Session, caller: Caller, now: datetime) -> None:
        user = users.active(self.users, session.user_id)
        address = with_password(self.identities, user)
        without = replace(identities.secured(address, now), password_hash=None)
        held = [without if entry.key == address.key else entry for entry in identities.held(self.identities, user)]
        if identities.login_methods(user.passkeys, held) < LOGIN_METHODS_WITHOUT_PASSWORD:
            raise LoginMethodsMissing
        self.transactions.commit(
            identities.Replace(without),
            users.DropOtherSessions(user, session.digest, now),
            *map(sessions.End, users.other_sessions(user, session.digest)),
            Record(user.user_id, "authn_password_removed", now, caller),
        )
