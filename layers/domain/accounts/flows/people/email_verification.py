"""Confirm an address: the emailed link and the password of the sign-up together create the account.

An attacker who signs up with someone else's address does not get the email. The owner of the address, who gets it, does
not know the attacker's password, so a click does not create an account to which the attacker has the password
(pre-hijacking, "classic-federated merge" and "unexpired session" attacks).
"""

from __future__ import annotations

from copy import replace
from datetime import datetime

from msgspec import Struct

from accounts.errors import InvalidCredentials, InvalidLink
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn, SessionOpening, login_record
from accounts.model import identities, one_time_tokens, passwords, sessions, throttles, users
from accounts.model.audit import Caller, Record
from accounts.model.identities import Identities, Identity
from accounts.model.one_time_tokens import EMAIL_VERIFICATION, OneTimeToken, OneTimeTokens
from accounts.model.passwords import PasswordHasher
from accounts.model.throttles import Throttles
from accounts.model.users import User
from accounts.transactions import Conflict, Transactions

_NOT_THE_CHOSEN_ONE = (
    "This is not the password that was chosen when signing up with this address. Enter that one; "
    "or, if somebody else signed up with your address, sign up yourself and use the newest mail."
)


class EmailVerification(Struct, frozen=True):
    tokens: OneTimeTokens
    identities: Identities
    throttles: Throttles
    hasher: PasswordHasher
    opening: SessionOpening
    transactions: Transactions

    def confirm(
        self, token: str, password: str, presented: Credential | None, caller: Caller, now: datetime
    ) -> LoggedIn:
        """Create the account and log its owner in, in one transaction.

        Raises InvalidLink when the link is unknown, used, expired or superseded, InvalidCredentials when the password
        is not the sign-up's (the link stays valid), and TooManyAttempts.
        """
        passwords.check_length(password)
        throttles.count_confirmation(self.throttles, caller, now)
        found, identity = self._pending(token, now)
        # The link has its own streak: failed logins with the address, which an attacker can cause, must not block it.
        attempt = throttles.count_attempt(self.throttles, found.key, caller, now)
        if not self.hasher.verify(password, identity.password_hash).matches or attempt.password_disabled:
            raise InvalidCredentials(_NOT_THE_CHOSEN_ONE)
        confirmed = identities.confirmed(identity, now)
        logged_in = self.opening.begin(confirmed, method=sessions.PASSWORD, remember=False, caller=caller, now=now)
        self._create_account(found, logged_in, now)
        attempt.succeeded(self.throttles)
        self.throttles.forget(throttles.streak_key(confirmed.email))
        self.opening.end_presented(presented, caller, now)
        return logged_in

    def _pending(self, plaintext: str, now: datetime) -> tuple[OneTimeToken, Identity]:
        token = one_time_tokens.find(self.tokens, EMAIL_VERIFICATION, plaintext, now)
        identity = self.identities.get(token.subject) if token else None
        if token is None or identity is None or identity.pending_token != token.digest:
            raise InvalidLink
        return token, identity

    def _create_account(self, token: OneTimeToken, logged_in: LoggedIn, now: datetime) -> None:
        session, identity = logged_in.session, logged_in.identity
        verified = Record(identity.user_id, "email_verified", now, session.caller)
        try:
            self.transactions.commit(
                one_time_tokens.Consume(token.key),
                identities.Replace(identity),
                users.Open(replace(_user(identity), sessions={session.digest: session.expires_at})),
                sessions.Start(session),
                verified,
                login_record(session),
            )
        except Conflict as conflict:
            raise InvalidLink from conflict


def _user(identity: Identity) -> User:
    return User(
        user_id=identity.user_id,
        email=identity.email,
        name=identity.name,
        created_at=identity.created_at,
        updated_at=identity.updated_at,
        identities=frozenset({identity.key}),
    )
