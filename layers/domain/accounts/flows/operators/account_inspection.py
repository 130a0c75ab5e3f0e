"""Find an account for an operator. Shows no secret."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import secrets
from accounts.errors import NotFound
from accounts.flows.people.activity import Entry, recent
from accounts.model import attempts, email_addresses, identities, key_secrets, second_factors, users
from accounts.model.api_keys import ApiKeys
from accounts.model.audit import AuditEvents
from accounts.model.identities import Identities, Identity
from accounts.model.key_secrets import Listed
from accounts.model.passkeys import Passkey, Passkeys
from accounts.model.providers import NAMES
from accounts.model.second_factors import Status
from accounts.model.sessions import Session, Sessions
from accounts.model.throttles import Counter, Throttles
from accounts.model.users import User, Users

_UNCONFIRMED = "The address of this identity is not confirmed, so it has no account yet."
_NOT_FOUND = (
    "No account matches that name. Give an email address, an account id, google:<id>, github:<id> or a key's id. "
    "A sign-up has no account until its address is confirmed."
)


class Inspection(Struct, frozen=True):
    """What the account holds. ``failures`` is the count of failed logins in a row, or None."""

    user: User
    identities: list[Identity]
    passkeys: list[Passkey]
    second_factor: Status
    sessions: list[Session]
    api_keys: list[Listed]
    activity: list[Entry]
    failures: Counter | None


class AccountInspection(Struct, frozen=True):
    users: Users
    identities: Identities
    passkeys: Passkeys
    sessions: Sessions
    api_keys: ApiKeys
    audit_events: AuditEvents
    throttles: Throttles

    def of(self, name: str, now: datetime) -> Inspection:
        """Find by account id, address, ``google:<subject>``, ``github:<id>`` or the id of an API key; raises NotFound.

        Raises InvalidInput for a malformed address.
        """
        user = users.existing(self.users, self._user_id(name))
        held = identities.held(self.identities, user)
        address = next((entry for entry in held if entry.key == identities.email_key(user.email)), None)
        return Inspection(
            user=user,
            identities=sorted(held, key=lambda entry: (entry.created_at, entry.key)),
            passkeys=self.passkeys.of_user(user.user_id),
            second_factor=second_factors.status(user, now),
            sessions=[session for session in self.sessions.of_user(user.user_id) if session.is_live(now)],
            api_keys=key_secrets.listed(self.api_keys.of_user(user.user_id), now),
            activity=recent(self.audit_events, user.user_id, now),
            failures=self.throttles.get(attempts.streak_key(user.email, address)),
        )

    def _user_id(self, name: str) -> str:
        provider, _, subject = name.partition(":")
        if provider in NAMES:
            return self._by_identity(identities.provider_key(provider, subject))
        if "@" in name:
            return self._by_identity(identities.email_key(email_addresses.canonical(name)))
        return self._by_key(name) if secrets.is_digest(name) else name

    def _by_identity(self, key: str) -> str:
        identity = self.identities.get(key)
        if identity is None:
            raise NotFound(_NOT_FOUND)
        if not identity.verified:
            raise NotFound(_UNCONFIRMED)
        return identity.user_id

    def _by_key(self, digest: str) -> str:
        key = self.api_keys.get(digest)
        if key is None:
            raise NotFound(_NOT_FOUND)
        return key.user_id
