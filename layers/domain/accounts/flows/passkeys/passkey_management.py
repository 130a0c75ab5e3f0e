"""List, rename and remove passkeys."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import text
from accounts.errors import LastIdentity, NotFound
from accounts.limits import PASSKEY_NAME_MAX_CHARACTERS
from accounts.model import held_keys, identities, messages, passkeys, second_factors, sessions, user_agents, users
from accounts.model.audit import Caller, Record
from accounts.model.identities import EMAIL, Identities
from accounts.model.messages import Outbox
from accounts.model.passkeys import Passkey, Passkeys, added_through, public_id
from accounts.model.sessions import PASSKEY, Session
from accounts.model.users import User, Users
from accounts.transactions import Conflict, Transactions, retry_on_conflict


class PasskeyList(Struct, frozen=True):
    passkeys: Passkeys

    def of_account(self, user_id: str) -> list[Passkey]:
        """The account's passkeys, oldest first."""
        return passkeys.listed(self.passkeys, user_id)


class PasskeyRenaming(Struct, frozen=True):
    users: Users
    transactions: Transactions

    def rename(self, user_id: str, passkey_id: str, name: str) -> None:
        """Raises NotFound for an id that is not one of the account's passkeys, or InvalidInput."""
        chosen = text.line("name", name, at_most=PASSKEY_NAME_MAX_CHARACTERS, required=True)
        credential_id = _held(users.active(self.users, user_id), passkey_id)
        try:
            self.transactions.commit(passkeys.Rename(credential_id, user_id, chosen))
        except Conflict as conflict:
            raise NotFound from conflict


class PasskeyRemoval(Struct, frozen=True):
    """Removes a passkey, except the last login method.

    Whatever it opened ends with it: all other sessions, of browsers and programs, emailed links, and a first password
    and other passkeys that were added in a login with it. API keys stay, and the email says so.
    """

    users: Users
    identities: Identities
    passkeys: Passkeys
    transactions: Transactions
    notices: Outbox

    def remove(self, session: Session, passkey_id: str, caller: Caller, now: datetime) -> None:
        """Raises NotFound, LastIdentity, or Unauthenticated when the session has ended.

        Also raises ReauthenticationRequired when the login did not prove the account's second factor.

        The account's revision is a condition of the write, so no concurrent calls remove all login methods.
        """
        notice = retry_on_conflict(lambda: self._remove(session, passkey_id, caller, now))
        self.notices.put(notice)

    def _remove(self, session: Session, passkey_id: str, caller: Caller, now: datetime) -> messages.PasskeyRemoved:
        user = users.active(self.users, session.user_id)
        second_factors.require_proven(session, user)
        others = users.other_sessions(user, session.digest)
        gone = {_held(user, passkey_id)}
        gone |= {it.credential_id for it in added_through(passkeys.held(self.passkeys, user), passkey_id, session)}
        held = identities.held(self.identities, user)
        after = [identities.after_unlinking(identity, PASSKEY, session, now) for identity in held]
        if not identities.login_methods(user.passkeys - gone, after):
            raise LastIdentity
        self.transactions.commit(
            *(passkeys.Remove(credential_id, user.user_id) for credential_id in gone),
            held_keys.DropPasskeys(user, frozenset(gone), session.digest, now),
            *(identities.Replace(address) for address in after if address.provider == EMAIL),
            *map(sessions.End, others),
            Record(user.user_id, "authn_passkey_removed", now, caller),
        )
        also = identities.also_removed(held, after, passkeys=len(gone) > 1)
        return messages.PasskeyRemoved(user.user_id, also, **user_agents.place(caller, now))


def _held(user: User, passkey_id: str) -> str:
    """The credential id of the account's passkey with this public id; raises NotFound."""
    found = next((it for it in user.passkeys if public_id(it) == passkey_id), None)
    if found is None:
        raise NotFound
    return found
