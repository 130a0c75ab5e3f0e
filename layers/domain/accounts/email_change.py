"""Moving an account to another address: asked by its owner, told to the old address, confirmed at the new one.

The link alone is worth nothing: it counts only for the account that asked, logged in. Else somebody could have the
owner of another address click it, and so claim for their own account an address that is not theirs (pre-hijacking).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from accounts import email_addresses, identities, messages, one_time_tokens, sessions, throttles, users
from accounts.audit import Caller, Record
from accounts.authentication import Credential, SessionAuthentication
from accounts.errors import InvalidLink, Unavailable
from accounts.identities import Identities, Identity, email_key
from accounts.identity_management import existing
from accounts.limits import EMAIL_CHANGES_PER_ACCOUNT_PER_DAY
from accounts.messages import Message, Outbox
from accounts.one_time_tokens import EMAIL_CHANGE, OneTimeToken, OneTimeTokens
from accounts.sessions import Session
from accounts.sign_up import count_mail_request
from accounts.throttles import Throttles
from accounts.transactions import Conflict, Transactions
from accounts.users import User, Users

_TRIES = 8


@dataclass(frozen=True, slots=True)
class EmailChangeRequest:
    """Asks for the change."""

    authentication: SessionAuthentication
    throttles: Throttles
    outbox: Outbox

    def ask(self, credential: Credential | None, email: str, caller: Caller, now: datetime) -> str:
        """Have the link mailed to ``email``, and the old address told; the answer is the same if it is taken.

        Wants a person who logged in recently; tells who it was. Raises TooManyAttempts.
        """
        user_id = self.authentication.session(credential, now, fresh=True).user_id
        address = email_addresses.canonical(email)
        count_mail_request(self.throttles, caller, now)
        limit, day = EMAIL_CHANGES_PER_ACCOUNT_PER_DAY, timedelta(days=1)
        throttles.take(
            self.throttles, throttles.window("email-change", user_id, limit=limit, per=day, now=now), now=now
        )
        # The warning first: should the second message fail, a mail too many has been sent rather than one too few.
        self.outbox.put(Message(messages.EMAIL_CHANGE_ASKED, user_id=user_id))
        self.outbox.put(Message(messages.EMAIL_CHANGE, user_id=user_id, email=address))
        return user_id


@dataclass(frozen=True, slots=True)
class EmailChange:
    """Carries it out. ``notices`` never fails the story."""

    authentication: SessionAuthentication
    tokens: OneTimeTokens
    identities: Identities
    users: Users
    throttles: Throttles
    transactions: Transactions
    notices: Outbox

    def confirm(self, credential: Credential | None, token: str, caller: Caller, now: datetime) -> Identity:
        """Move the account and end its other sessions, in one transaction; tells the new address, as stored.

        Raises InvalidLink for a link that is unknown, used, expired, superseded, another account's, from before a
        change of password, or to an address that has got an owner meanwhile.
        """
        session = self.authentication.session(credential, now)
        throttles.take(self.throttles, throttles.confirmation_toll(caller, now), now=now)
        found = one_time_tokens.find(self.tokens, EMAIL_CHANGE, token, now)
        if found is None or found.subject != session.user_id:
            raise InvalidLink
        for _ in range(_TRIES):
            user = existing(self.users, session.user_id)
            old = self._to_leave(found, user)
            new = replace(identities.secured(old, now), key=email_key(found.data["email"]), email=found.data["email"])
            try:
                self._commit(session, found, user, old, new, caller, now)
            except Conflict as conflict:
                if conflict.concerns(one_time_tokens.Consume) or conflict.concerns(identities.Claim):
                    raise InvalidLink from conflict
                continue
            # The address was ours to write to until this moment, and its owner must hear of it there.
            self.notices.put(Message(messages.EMAIL_CHANGED, user_id=user.user_id, email=old.email))
            return new
        raise Unavailable

    def _to_leave(self, token: OneTimeToken, user: User) -> Identity:
        old = self.identities.get(email_key(user.email))
        if old is None or old.user_id != user.user_id or old.pending_change != token.digest:
            raise InvalidLink
        return old

    def _commit(
        self,
        session: Session,
        token: OneTimeToken,
        user: User,
        old: Identity,
        new: Identity,
        caller: Caller,
        now: datetime,
    ) -> None:
        others = (digest for digest in user.sessions if digest != session.digest)
        self.transactions.commit(
            one_time_tokens.Consume(token.key),
            identities.Vacate(old),
            identities.Claim(new),
            users.MoveAddress(user, new.email, lost=old.key, gained=new.key, keeping=session.digest, now=now),
            *map(sessions.End, others),
            Record(user.user_id, "user_email_changed", now, caller),
        )
