"""An account's identities: list them, unlink one, and set a password where there is none."""

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
    users: Users
    identities: Identities

    def of_account(self, user_id: str) -> list[Identity]:
        """The account's identities, oldest first."""
        user = users.active(self.users, user_id)
        return sorted(identities.held(self.identities, user), key=lambda identity: (identity.created_at, identity.key))


class IdentityUnlinking(Struct, frozen=True):
    """Unlinks a provider, except from the last login method."""

    users: Users
    identities: Identities
    transactions: Transactions
    notices: Outbox

    def unlink(self, user_id: str, identity_id: str, caller: Caller, now: datetime) -> None:
        """Unlink a provider.

        Raises NotFound for an id that is not one of the account's provider identities, and LastIdentity. The account's
        revision is a condition of the write: of two concurrent calls that would remove all login methods, one is
        retried and refused.
        """
        unlinked = retry_on_conflict(lambda: self._unlink(user_id, identity_id, caller, now))
        self.notices.put(messages.IdentityUnlinked(user_id, TITLES[unlinked.provider]))

    def _unlink(self, user_id: str, identity_id: str, caller: Caller, now: datetime) -> Identity:
        user = users.active(self.users, user_id)
        identity = self._to_unlink(user, identity_id)
        # Keep the item as a mark: otherwise the next login with the provider would link it again by its address.
        mark = replace(identity, email="", name="", verified=False, unlinked=True)
        record = Record(user_id, "authn_identity_unlinked", now, caller, {"provider": identity.provider})
        self.transactions.commit(identities.Replace(mark), users.DropIdentity(user, identity.key), record)
        return identity

    def _to_unlink(self, user: User, identity_id: str) -> Identity:
        all_held = identities.held(self.identities, user)
        identity = next((it for it in all_held if public_id(it.key) == identity_id and it.provider != EMAIL), None)
        if identity is None:
            raise NotFound
        if not any(other.is_login_method for other in all_held if other is not identity):
            raise LastIdentity
        return identity


class PasswordSetting(Struct, frozen=True):
    """Sets the first password of an account that was created with a provider."""

    users: Users
    identities: Identities
    hasher: PasswordHasher
    policy: Policy
    transactions: Transactions
    notices: Outbox

    def set(self, session: Session, password: str, caller: Caller, now: datetime) -> None:
        """Set the password and end the account's other sessions (ASVS 7.4.3).

        Raises PasswordExists, WeakPassword, NotFound or Unauthenticated.
        """
        passwords.check_length(password)

        @cache
        def accepted_and_hashed(email: str) -> str:
            """Cached, so that retries do not hash again."""
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
