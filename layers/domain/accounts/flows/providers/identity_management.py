"""A person's ways in: which there are, taking one away, and setting a password where there is none."""

from __future__ import annotations

from collections.abc import Callable
from copy import replace
from datetime import datetime
from functools import cache

from msgspec import Struct

from accounts.errors import LastIdentity, NotFound, PasswordExists
from accounts.model import identities, messages, passwords, sessions, users
from accounts.model.audit import Caller, Record
from accounts.model.identities import EMAIL, Identities, Identity, email_key, public_id
from accounts.model.messages import Outbox
from accounts.model.passwords import PasswordHasher, Policy
from accounts.model.providers import TITLES
from accounts.model.sessions import Session
from accounts.model.users import User, Users
from accounts.transactions import Transactions, retry_on_conflict


class IdentityList(Struct, frozen=True):
    """Shows an account's ways in."""

    users: Users
    identities: Identities

    def of_account(self, user_id: str) -> list[Identity]:
        """The account's identities, the oldest first."""
        user = users.active(self.users, user_id)
        return sorted(identities.held(self.identities, user), key=lambda identity: (identity.created_at, identity.key))


class IdentityUnlinking(Struct, frozen=True):
    """Takes one way in away, never the last."""

    users: Users
    identities: Identities
    transactions: Transactions
    notices: Outbox

    def unlink(self, user_id: str, identity_id: str, caller: Caller, now: datetime) -> None:
        """Unlink a provider; raises NotFound for an id that is not one of the account's provider identities.

        The account's revision is a condition of the write, so of two parallel calls that would together leave
        nothing, one is refused, looks again, and finds that it would take the last.
        """
        gone = retry_on_conflict(lambda: self._take_away(user_id, identity_id, caller, now))
        self.notices.put(messages.IdentityUnlinked(user_id, TITLES[gone.provider]))

    def _take_away(self, user_id: str, identity_id: str, caller: Caller, now: datetime) -> Identity:
        user = users.active(self.users, user_id)
        going = self._going(user, identity_id)
        # Kept as a mark without a name: else the next log-in with it would link itself again, by the address.
        mark = replace(going, email="", name="", verified=False, unlinked=True)
        record = Record(user_id, "authn_identity_unlinked", now, caller, {"provider": going.provider})
        self.transactions.commit(identities.Replace(mark), users.DropIdentity(user, going.key), record)
        return going

    def _going(self, user: User, identity_id: str) -> Identity:
        all_held = identities.held(self.identities, user)
        going = next((it for it in all_held if public_id(it.key) == identity_id and it.provider != EMAIL), None)
        if going is None:
            raise NotFound
        if not any(other.is_login_method for other in all_held if other is not going):
            raise LastIdentity
        return going


class PasswordSetting(Struct, frozen=True):
    """Gives an account that came through a provider a password of its own."""

    users: Users
    identities: Identities
    hasher: PasswordHasher
    policy: Policy
    transactions: Transactions
    notices: Outbox

    def set(self, session: Session, password: str, caller: Caller, now: datetime) -> None:
        """Set the first password of the session's account; its other sessions end (ASVS 7.4.3)."""
        passwords.check_length(password)

        @cache
        def accepted_and_hashed(email: str) -> str:
            """Once, however often the account has to be read."""
            passwords.check_acceptable(password, email=email, policy=self.policy)
            return self.hasher.hash(password)

        retry_on_conflict(lambda: self._write(session, accepted_and_hashed, caller, now))
        self.notices.put(messages.PasswordSet(session.user_id))

    def _write(self, session: Session, hashed: Callable[[str], str], caller: Caller, now: datetime) -> None:
        user = users.active(self.users, session.user_id)
        address = self._without_password(user)
        changed = replace(identities.secured(address, now), password_hash=hashed(user.email))
        others = users.other_sessions(user, session.digest)
        self.transactions.commit(
            identities.Replace(changed),
            users.DropOtherSessions(user, session.digest, now),
            *map(sessions.End, others),
            Record(user.user_id, "authn_password_change", now, caller),
        )

    def _without_password(self, user: User) -> Identity:
        address = self.identities.get(email_key(user.email))
        if address is None or address.user_id != user.user_id:
            raise NotFound
        if address.password_hash is not None:
            raise PasswordExists
        return address
