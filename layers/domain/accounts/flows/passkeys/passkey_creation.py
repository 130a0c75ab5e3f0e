"""Create a passkey: needs a recent login, and the owner is emailed."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from accounts import text
from accounts.errors import PasskeyLimitReached, PasskeyNotAccepted, Refusal, Unauthenticated
from accounts.flows.passkeys.challenges import Challenges, Invitation
from accounts.limits import (
    PASSKEY_NAME_MAX_CHARACTERS,
    PASSKEYS_CREATED_PER_ACCOUNT_PER_DAY,
    PASSKEYS_PER_ACCOUNT,
)
from accounts.model import messages, passkeys, second_factors, throttles, user_agents, users
from accounts.model.audit import Caller, Record
from accounts.model.held_keys import AddPasskey
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import PASSKEY_CREATION, Consume
from accounts.model.passkeys import Authenticators, Counterfeit, Credential, Passkey, Registration
from accounts.model.sessions import Session
from accounts.model.throttles import Throttles
from accounts.model.users import Users
from accounts.transactions import Conflict, Transactions


class PasskeyCreation(Struct, frozen=True):
    """A failure of ``notices`` is ignored."""

    users: Users
    challenges: Challenges
    authenticators: Authenticators
    throttles: Throttles
    transactions: Transactions
    notices: Outbox

    def invite(self, session: Session, caller: Caller, now: datetime) -> Invitation:
        """Ask the session's browser for a passkey.

        Raises PasskeyLimitReached, Unauthenticated, TooManyAttempts, or ReauthenticationRequired when the login did not
        prove the account's second factor, which a passkey replaces. Only this session can answer the challenge.
        """
        user = users.active(self.users, session.user_id)
        second_factors.require_proven(session, user)
        if len(user.passkeys) >= PASSKEYS_PER_ACCOUNT:
            raise PasskeyLimitReached
        return Invitation(self.challenges.issue(PASSKEY_CREATION, session.digest, caller, now), user)

    def create(self, session: Session, response: Registration, name: str, caller: Caller, now: datetime) -> Passkey:
        """Store the passkey, named after the browser when ``name`` is empty.

        Raises PasskeyNotAccepted, PasskeyLimitReached, also under concurrency, TooManyAttempts, or Unauthenticated when
        the session has ended.
        """
        chosen = text.line("name", name, at_most=PASSKEY_NAME_MAX_CHARACTERS)
        limit, day = PASSKEYS_CREATED_PER_ACCOUNT_PER_DAY, timedelta(days=1)
        throttles.count(self.throttles, "passkey-created", session.user_id, limit=limit, per=day, now=now)
        credential, consume = self._checked(session, response, now)
        passkey = _passkey(session, credential, chosen or user_agents.describe(caller.user_agent), now)
        self._write(session, passkey, consume, caller, now)
        self.notices.put(messages.PasskeyCreated(session.user_id, passkey.name, **user_agents.place(caller, now)))
        return passkey

    def _checked(self, session: Session, response: Registration, now: datetime) -> tuple[Credential, Consume]:
        try:
            challenge, consume = self.challenges.answered(PASSKEY_CREATION, session.digest, response.client_data, now)
            return self.authenticators.created(response, challenge), consume
        except Counterfeit as counterfeit:
            raise PasskeyNotAccepted from counterfeit

    def _write(self, session: Session, passkey: Passkey, consume: Consume, caller: Caller, now: datetime) -> None:
        add = AddPasskey(session.user_id, passkey.credential_id, PASSKEYS_PER_ACCOUNT, session.digest)
        record = Record(session.user_id, "authn_passkey_created", now, caller, {"name": passkey.name})
        try:
            self.transactions.commit(consume, passkeys.Add(passkey), add, record)
        except Conflict as conflict:
            full = conflict.concerns(AddPasskey)
            raise (self._refusal(session) if full else PasskeyNotAccepted()) from conflict

    def _refusal(self, session: Session) -> Refusal:
        """The account is full, unless it or the session ended concurrently."""
        user = users.find(self.users, session.user_id)
        still_here = user is not None and session.digest in user.sessions
        return PasskeyLimitReached() if still_here else Unauthenticated()


def _passkey(session: Session, credential: Credential, name: str, now: datetime) -> Passkey:
    return Passkey(
        credential_id=credential.credential_id,
        user_id=session.user_id,
        name=name,
        public_key=credential.public_key,
        sign_count=credential.sign_count,
        backup_eligible=credential.backup_eligible,
        backed_up=credential.backed_up,
        created_at=now,
        added_with=session.opened_with,
        added_in=session.digest,
    )
