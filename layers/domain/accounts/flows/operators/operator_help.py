"""What an operator does for an owner: undo a lockout, and end credentials that an attacker may have.

Each action is one transaction with its audit record, and takes effect on the next request.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.errors import NotFound, PasswordMissing
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.flows.people.key_ending import end_key, name_and_hint
from accounts.model import identities, messages, sessions, users
from accounts.model.api_keys import ApiKeys
from accounts.model.audit import Record
from accounts.model.identities import Identities, email_key
from accounts.model.leak_reports import Leak
from accounts.model.messages import Outbox
from accounts.model.users import Users
from accounts.transactions import Transactions, retry_on_conflict

_NO_PASSWORD = "This account has no password; it logs in with Google or GitHub."  # noqa: S105 - a sentence
_NO_SUCH_KEY = "This account has no API key with that id."


class AccountUnlocking(Struct, frozen=True):
    """Resets the counts of failed logins: the wait ends, and a password that was disabled by failures works again."""

    users: Users
    identities: Identities
    transactions: Transactions

    def unlock(self, request: OperatorRequest, now: datetime) -> None:
        """Unlock the account; raises NotFound."""
        retry_on_conflict(lambda: self._unlock(request, now))

    def _unlock(self, request: OperatorRequest, now: datetime) -> None:
        user = users.existing(self.users, request.user_id)
        address = self.identities.get(email_key(user.email))
        theirs = [address] if address is not None and address.user_id == user.user_id else []
        unlocked = (identities.Replace(identities.without_failures(each)) for each in theirs)
        self.transactions.commit(*unlocked, request.record("authn_login_unlock", now))


class OperatorLogout(Struct, frozen=True):
    """Ends all sessions of an account, of browsers and clients."""

    users: Users
    transactions: Transactions

    def everywhere(self, request: OperatorRequest, now: datetime) -> int:
        """End all sessions and return their number; raises NotFound."""
        return retry_on_conflict(lambda: self._end_all(request, now))

    def _end_all(self, request: OperatorRequest, now: datetime) -> int:
        user = users.existing(self.users, request.user_id)
        record = request.record("session_revoked_all", now, sessions=str(len(user.sessions)))
        self.transactions.commit(users.DropAllSessions(user), *map(sessions.End, user.sessions), record)
        return len(user.sessions)


class PasswordRevocation(Struct, frozen=True):
    """Revokes a password that others know. The owner has to reset it, to a different one, to log in.

    Also ends all sessions and emailed links and forgets known browsers. API keys and linked providers keep working. A
    failure of ``notices`` is ignored.
    """

    users: Users
    identities: Identities
    transactions: Transactions
    notices: Outbox

    def revoke(self, request: OperatorRequest, now: datetime) -> None:
        """Revoke the password and notify the owner; raises NotFound, or PasswordMissing."""
        retry_on_conflict(lambda: self._revoke(request, now))
        self.notices.put(messages.PasswordRevoked(request.user_id))

    def _revoke(self, request: OperatorRequest, now: datetime) -> None:
        user = users.existing(self.users, request.user_id)
        address = self.identities.get(email_key(user.email))
        if address is None or address.user_id != user.user_id or address.password_hash is None:
            raise PasswordMissing(_NO_PASSWORD)
        self.transactions.commit(
            identities.Replace(identities.revoked(address, now)),
            users.DropAllSessions(user),
            *map(sessions.End, user.sessions),
            request.record("authn_password_revoked", now),
        )


class KeyRevocation(Struct, frozen=True):
    """Deletes an API key. A failure of ``notices`` is ignored."""

    users: Users
    api_keys: ApiKeys
    transactions: Transactions
    notices: Outbox

    def revoke(self, request: OperatorRequest, key_id: str, now: datetime) -> None:
        """Delete the key and notify the owner; raises NotFound when the account does not hold it."""
        name, hint = name_and_hint(self.users, self.api_keys, request.user_id, key_id)
        self._end(request, key_id, request.record("authn_token_revoked", now, api_key=key_id, name=name))
        self.notices.put(messages.ApiKeyDeleted(request.user_id, name, hint=hint))

    def revoke_leaked(self, request: OperatorRequest, leak: Leak, now: datetime) -> None:
        """Delete a key that others can know, and tell the owner where it was found; raises NotFound likewise."""
        key = self.api_keys.get(leak.digest)
        if key is None:
            raise NotFound(_NO_SUCH_KEY)
        record = request.record("authn_token_leaked", now, api_key=key.id, name=key.name, url=leak.url)
        self._end(request, key.id, record)
        from accounts.flows.people.key_notices import last_use  # noqa: PLC0415 - other requests need none

        used = last_use(key)
        self.notices.put(messages.ApiKeyLeaked(request.user_id, key.name, leak.url, leak.found_in, **used))

    def _end(self, request: OperatorRequest, key_id: str, record: Record) -> None:
        try:
            end_key(self.users, self.transactions, request.user_id, key_id, record)
        except NotFound as error:
            raise NotFound(_NO_SUCH_KEY) from error
