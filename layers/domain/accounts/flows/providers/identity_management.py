"""An account's identities: list them, unlink one, and set a password where there is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache

from msgspec import Struct

from accounts.errors import LastIdentity, NotFound, PasswordExists
from accounts.model import identities, messages, passkeys, passwords, sessions, user_agents, users
from accounts.model.audit import Caller, Record
from accounts.model.identities import EMAIL, Identities, Identity, email_key, public_id
from accounts.model.messages import Outbox
from accounts.model.passkeys import Passkeys
from accounts.model.passwords import PasswordHasher, Policy
from accounts.model.providers import TITLES
from accounts.model.sessions import Session
from accounts.model.users import User, Users
from accounts.transactions import Transactions, retry_on_conflict

_CONFIRM_BY_LOGIN = (
    "Your password was set after a login with {title}. Log in with the password, then unlink {title}. If you did not "
    "set the password, reset it first."
)


class IdentityList(Struct, frozen=True):
    users: Users
    identities: Identities

    def of_account(self, user_id: str) -> list[Identity]:
        """The account's identities, oldest first."""
        user = users.active(self.users, user_id)
        return sorted(identities.held(self.identities, user), key=lambda identity: (identity.created_at, identity.key))


class IdentityUnlinking(Struct, frozen=True):
    """Unlinks a provider, except from the last login method.

    Whatever it opened ends with it: all other sessions, of browsers and programs, emailed links, and a first password
    and passkeys that were added in a login with it. API keys and the other identities stay, and the email says so.
    """

    users: Users
    identities: Identities
    passkeys: Passkeys
    transactions: Transactions
    notices: Outbox

    def unlink(self, session: Session, identity_id: str, caller: Caller, now: datetime) -> None:
        """Unlink a provider from the session's account.

        Raises NotFound for an id that is not one of the account's provider identities, LastIdentity, and
        Unauthenticated when the session has ended. The account's revision is a condition of the write: of two
        concurrent calls that would remove all login methods, one is retried and refused.
        """
        notice = retry_on_conflict(lambda: self._unlink(session, identity_id, caller, now))
        self.notices.put(notice)

    def _unlink(self, session: Session, identity_id: str, caller: Caller, now: datetime) -> messages.IdentityUnlinked:
        user = users.active(self.users, session.user_id)
        others = users.other_sessions(user, session.digest)
        unlinked, rest = _to_unlink(identities.held(self.identities, user), identity_id)
        after = [identities.after_unlinking(identity, unlinked.method, session, now) for identity in rest]
        through = passkeys.added_through(passkeys.held(self.passkeys, user), unlinked.method, session)
        gone = frozenset(passkey.credential_id for passkey in through)
        _check_login_method(user, rest, after, gone, TITLES[unlinked.provider])
        self.transactions.commit(
            identities.Remove(unlinked.key, user.user_id),
            users.Unlink(user, unlinked.key, session.digest, now, gone),
            *(passkeys.Remove(credential_id, user.user_id) for credential_id in gone),
            *(identities.Replace(address) for address in after if address.provider == EMAIL),
            *map(sessions.End, others),
            Record(user.user_id, "authn_identity_unlinked", now, caller, {"provider": unlinked.provider}),
        )
        about = user_agents.place(caller, now)
        return messages.IdentityUnlinked(user.user_id, TITLES[unlinked.provider], _also(rest, after, gone), **about)


def _to_unlink(held: list[Identity], identity_id: str) -> tuple[Identity, list[Identity]]:
    """The identity with that id, and the others. Raises NotFound."""
    identity = next((it for it in held if public_id(it.key) == identity_id and it.provider != EMAIL), None)
    if identity is None:
        raise NotFound
    return identity, [other for other in held if other is not identity]


def _also(before: list[Identity], after: list[Identity], gone: frozenset[str]) -> str:
    return identities.also_removed(before, after, passkeys=bool(gone))


def _check_login_method(
    user: User, before: list[Identity], after: list[Identity], gone: frozenset[str], title: str
) -> None:
    """Raises LastIdentity when the owner could not log in with any of ``after``, or a passkey that stays."""
    if identities.login_methods(user.passkeys - gone, after):
        return
    if identities.login_methods(user.passkeys, before):
        raise LastIdentity(_CONFIRM_BY_LOGIN, title=title)
    raise LastIdentity


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
        self.notices.put(messages.PasswordSet(session.user_id, **user_agents.place(caller, now)))

    def _write(self, session: Session, hashed: Callable[[str], str], caller: Caller, now: datetime) -> None:
        user = users.active(self.users, session.user_id)
        address = self._without_password(user)
        changed = identities.with_first_password(address, hashed(user.email), session, now)
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
