"""Change an account's email: requested by its owner, announced to the old address, confirmed at the new one.

The link works only in a session of the account that requested it. Otherwise an attacker could have the owner of another
address click it, and so claim that address for the attacker's account (pre-hijacking).
"""

from __future__ import annotations

from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from accounts.errors import InvalidInput, InvalidLink
from accounts.limits import EMAIL_CHANGES_PER_ACCOUNT_PER_DAY
from accounts.model import (
    address_changes,
    email_addresses,
    identities,
    messages,
    one_time_tokens,
    second_factors,
    sessions,
    throttles,
    user_agents,
    users,
)
from accounts.model.audit import Caller, Record
from accounts.model.identities import Identities, Identity, email_key
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import EMAIL_CHANGE, NewAddress, OneTimeToken, OneTimeTokens
from accounts.model.sessions import Session
from accounts.model.throttles import Throttles
from accounts.model.users import User, Users
from accounts.transactions import Conflict, Transactions, retry_on_conflict


class EmailChangeRequest(Struct, frozen=True):
    """What the owner asked for is kept with the old address, so that the account page shows it.

    The request itself keeps it, not the email with its link: an address that is taken gets no link, and the page must
    not show the difference.
    """

    users: Users
    identities: Identities
    throttles: Throttles
    transactions: Transactions
    outbox: Outbox

    def ask(self, session: Session, email: str, caller: Caller, now: datetime) -> str:
        """Queue the link to ``email`` and the notice to the old address, also when the new one is taken.

        Returns the account's id. Raises InvalidInput, TooManyAttempts, or ReauthenticationRequired when the login did
        not prove the account's second factor: the new address would get the warnings about it.
        """
        user = users.active(self.users, session.user_id)
        second_factors.require_proven(session, user)
        address, user_id = email_addresses.canonical(email), user.user_id
        if address == user.email:
            message = "This is already your email address."
            raise InvalidInput(message)
        limit, day = EMAIL_CHANGES_PER_ACCOUNT_PER_DAY, timedelta(days=1)
        throttles.count(self.throttles, "email-change", user_id, limit=limit, per=day, now=now)
        asked = Record(user_id, "user_email_change_requested", now, caller)
        retry_on_conflict(lambda: self._keep(user, address, asked))
        # The notice first: if the second message fails, the owner has been warned.
        self.outbox.put(messages.EmailChangeAsked(user_id, user.email, **user_agents.place(caller, now)))
        self.outbox.put(messages.EmailChange(user_id, address, now))
        return user_id

    def cancel(self, session: Session, caller: Caller, now: datetime) -> None:
        """Cancel the pending change, if there is one. Its link, or the request on the queue, is no longer valid.

        Needs no recent login: it keeps the address that the account has.
        """
        user = users.active(self.users, session.user_id)
        cancelled = Record(user.user_id, "user_email_change_cancelled", now, caller)
        retry_on_conflict(lambda: self._keep(user, None, cancelled))

    def _keep(self, user: User, wanted: str | None, record: Record) -> None:
        current = self.identities.get(email_key(user.email))
        if current is None or current.user_id != user.user_id:
            return
        if wanted is None and current.wanted_email is None:
            return
        changed = address_changes.wanting(current, wanted, record.at)
        self.transactions.commit(identities.Replace(changed), record)


class EmailChange(Struct, frozen=True):
    """A failure of ``notices`` is ignored."""

    tokens: OneTimeTokens
    identities: Identities
    users: Users
    throttles: Throttles
    transactions: Transactions
    notices: Outbox

    def confirm(self, session: Session, token: str, caller: Caller, now: datetime) -> Identity:
        """Change the email and end the other sessions, in one transaction; returns the new identity.

        Raises InvalidLink for a link that is unknown, used, expired, superseded, another account's, from before a
        change of password, or to an address that another account has confirmed.
        """
        throttles.count_confirmation(self.throttles, caller, now)
        found = one_time_tokens.find(self.tokens, EMAIL_CHANGE, token, now)
        if found is None or found.subject != session.user_id:
            raise InvalidLink
        old, new = retry_on_conflict(lambda: self._move(session, found, caller, now))
        if old.undeliverable is None:
            # The old address gets a notice, too, unless it is undeliverable.
            self.notices.put(messages.EmailChanged(old.user_id, old.email, **user_agents.place(caller, now)))
        return new

    def _current_address(self, token: OneTimeToken, user: User) -> Identity:
        old = self.identities.get(email_key(user.email))
        if old is None or old.user_id != user.user_id or old.pending_change != token.digest:
            raise InvalidLink
        return old

    def _move(self, session: Session, token: OneTimeToken, caller: Caller, now: datetime) -> tuple[Identity, Identity]:
        """The identity before and after the change."""
        user = users.active(self.users, session.user_id)
        old, email = self._current_address(token, user), NewAddress.of(token).email
        secured = identities.without_failures(identities.secured(old, now))
        new = replace(secured, key=email_key(email), email=email, updated_at=now, undeliverable=None)
        others = users.other_sessions(user, session.digest)
        try:
            self.transactions.commit(
                one_time_tokens.Consume(token.key),
                identities.RemoveUnchanged(old),
                identities.Claim(new),
                users.ChangeEmail(user, email, lost=old.key, gained=new.key, keeping=session.digest, now=now),
                *map(sessions.End, others),
                Record(user.user_id, "user_email_changed", now, caller),
            )
        except Conflict as conflict:
            if conflict.concerns(one_time_tokens.Consume) or conflict.concerns(identities.Claim):
                raise InvalidLink from conflict
            raise
        return old, new
