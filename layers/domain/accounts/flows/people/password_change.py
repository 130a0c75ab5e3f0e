"""Change a password: needs a recent login and the current password (ASVS 6.2.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from msgspec import Struct

from accounts.errors import InvalidCredentials, PasswordMissing, Unauthenticated
from accounts.flows.people import failed_logins
from accounts.limits import PASSWORD_CHANGES_PER_ACCOUNT_PER_DAY
from accounts.model import (
    attempts,
    identities,
    known_browsers,
    messages,
    passwords,
    sessions,
    throttles,
    user_agents,
    users,
)
from accounts.model.audit import Caller, Record
from accounts.model.identities import Identities, Identity, email_key
from accounts.model.messages import Outbox
from accounts.model.passwords import PasswordHasher, Policy
from accounts.model.sessions import Session
from accounts.model.throttles import Throttles
from accounts.model.users import User, Users
from accounts.transactions import Transactions, retry_on_conflict

_NOT_THE_CURRENT_ONE = "Wrong password. Check Caps Lock and try again."


class PasswordChange(Struct, frozen=True):
    """Replaces a password, and ends all other sessions and emailed links of the account (ASVS 7.4.3)."""

    users: Users
    identities: Identities
    throttles: Throttles
    hasher: PasswordHasher
    policy: Policy
    transactions: Transactions
    notices: Outbox

    def change(self, session: Session, current: str, new: str, caller: Caller, now: datetime) -> str:
        """Change the password of the session's account and return the account's id.

        Attempts count towards the same limits as logins. Raises InvalidCredentials when ``current`` is wrong,
        PasswordMissing, WeakPassword, TooManyAttempts.
        """
        passwords.check_length(current)
        passwords.check_length(new)
        user = users.active(self.users, session.user_id)
        address = with_password(self.identities, user)
        passwords.check_acceptable(new, email=user.email, policy=self.policy)
        known = known_browsers.is_known(address, caller)
        streak = attempts.streak_key(address.email, address, known=known)
        attempt = attempts.attempt(self.throttles, streak, now=now)

        @cache
        def checked_and_hashed(stored: str | None) -> str:
            """Cached per stored hash; if the password changes during a retry, verify against the new hash."""
            if not self.hasher.verify(current, stored).matches or attempt.password_disabled:
                raise InvalidCredentials(_NOT_THE_CURRENT_ONE)
            self._count(user.user_id, now)
            return self.hasher.hash(new)

        try:
            retry_on_conflict(lambda: self._write(session, checked_and_hashed, caller, now))
        except InvalidCredentials:
            failed_logins.notify_owner(self.notices, address.email, attempt, caller, now)
            raise
        self.notices.put(messages.PasswordChanged(user.user_id, **user_agents.place(caller, now)))
        return user.user_id

    def _count(self, user_id: str, now: datetime) -> None:
        """Only the right password is counted: a stolen session must not keep the owner from changing theirs."""
        limit, day = PASSWORD_CHANGES_PER_ACCOUNT_PER_DAY, timedelta(days=1)
        throttles.count(self.throttles, "password-change", user_id, limit=limit, per=day, now=now)

    def _write(
        self,
        session: Session,
        hashed: Callable[[str | None], str],
        caller: Caller,
        now: datetime,
    ) -> None:
        user = users.active(self.users, session.user_id)
        address = with_password(self.identities, user)
        password_hash = hashed(address.password_hash)
        changed = identities.with_new_password(address, password_hash, caller.known_browser, now)
        others = users.other_sessions(user, session.digest)
        self.transactions.commit(
            identities.Replace(changed),
            users.DropOtherSessions(user, session.digest, now),
            *map(sessions.End, others),
            Record(user.user_id, "authn_password_change", now, caller),
        )


def with_password(store: Identities, user: User) -> Identity:
    """The account's address, which must have a password; raises PasswordMissing."""
    address = store.get(email_key(user.email))
    if address is None or address.user_id != user.user_id:
        # The email changed between the two reads, which may have ended the session.
        raise Unauthenticated
    if address.password_hash is None:
        raise PasswordMissing
    return address
