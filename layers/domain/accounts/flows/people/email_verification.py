"""Confirm an address: the emailed link and a proof of its sign-up together create the account.

The proof is the password, or, in the browser that signed up, the cookie that this sign-up set there.

Several sign-ups with one address may wait at the same time, each with a link and a password of its own. The first that
is confirmed gets the address.

An attacker who signs up with someone else's address does not get the email. The owner of the address, who gets it, has
neither the attacker's password nor the cookie of the attacker's browser, so a click does not create an account to which
the attacker has the password (pre-hijacking, "classic-federated merge" and "unexpired session" attacks). Another site
cannot sign up in the owner's browser: the route refuses requests of other origins.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.errors import AddressConfirmed, InvalidCredentials, InvalidLink, PasswordRequired
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn, SessionOpening
from accounts.model import attempts, identities, one_time_tokens, passwords, sessions, sign_ups, throttles
from accounts.model.audit import Caller, Record
from accounts.model.identities import Identities
from accounts.model.one_time_tokens import EMAIL_VERIFICATION, OneTimeToken, OneTimeTokens, SignUp
from accounts.model.passwords import PasswordHasher
from accounts.model.throttles import Throttles
from accounts.model.users import User
from accounts.transactions import Conflict

_NOT_THE_CHOSEN_ONE = (
    "This isn't the password that you chose for this sign-up. If you signed up more than once, use the link "
    "in another email. If someone else signed up with your address, sign up yourself."
)


class EmailVerification(Struct, frozen=True):
    tokens: OneTimeTokens
    identities: Identities
    throttles: Throttles
    hasher: PasswordHasher
    opening: SessionOpening

    def confirm(
        self,
        token: str,
        password: str,
        presented: Credential | None,
        caller: Caller,
        now: datetime,
        *,
        proof: str = "",
    ) -> LoggedIn:
        """Create the account and log its owner in, in one transaction.

        ``proof`` is the digest of the browser's cookie of a sign-up; ``password`` can be empty with the right one.
        Raises InvalidLink when the link is unknown, used or expired, AddressConfirmed when another one was first,
        PasswordRequired or InvalidCredentials when nothing proves the sign-up (the link stays valid), and
        TooManyAttempts.
        """
        passwords.check_length(password)
        throttles.count_confirmation(self.throttles, caller, now)
        link = self._link(token, now)
        if password:
            self._check_password(link, password, now)
        elif not sign_ups.is_proven(link, proof):
            raise PasswordRequired
        confirmed = sign_ups.confirmed(link, now)
        logged_in = self.opening.begin(confirmed, method=sessions.PASSWORD, remember=False, caller=caller, now=now)
        replaced = self.opening.presented(presented)
        self._create_account(link, logged_in, now)
        self.opening.end_elsewhere(replaced, logged_in.session)
        return logged_in

    def _link(self, plaintext: str, now: datetime) -> OneTimeToken:
        link = one_time_tokens.find(self.tokens, EMAIL_VERIFICATION, plaintext, now)
        if link is None or not link.data:
            # Links of version 0.2 had no data.
            raise InvalidLink
        identity = self.identities.get(link.subject)
        if identity is not None and identity.verified:
            raise AddressConfirmed
        return link

    def _check_password(self, link: OneTimeToken, password: str, now: datetime) -> None:
        # The link has its own streak: failed logins with the address, which an attacker can cause, must not block it.
        attempt = attempts.attempt(self.throttles, attempts.streak_key(link.key), now=now)
        if not self.hasher.verify(password, SignUp.of(link).password_hash).matches or attempt.password_disabled:
            raise InvalidCredentials(_NOT_THE_CHOSEN_ONE)

    def _create_account(self, link: OneTimeToken, logged_in: LoggedIn, now: datetime) -> None:
        session, identity = logged_in.session, logged_in.identity
        verified = Record(identity.user_id, "email_verified", now, session.caller)
        try:
            self.opening.open_new(
                _user(logged_in),
                session,
                one_time_tokens.Consume(link.key),
                one_time_tokens.Discard(sign_ups.key(identity.email, SignUp.of(link).browser)),
                identities.Claim(identity),
                verified,
            )
        except Conflict as conflict:
            raise (InvalidLink if conflict.concerns(one_time_tokens.Consume) else AddressConfirmed) from conflict


def _user(logged_in: LoggedIn) -> User:
    identity, session = logged_in.identity, logged_in.session
    return User(
        user_id=identity.user_id,
        email=identity.email,
        name=identity.name,
        created_at=identity.created_at,
        updated_at=identity.updated_at,
        sessions={session.digest: session.expires_at},
        identities=frozenset({identity.key}),
        language=session.caller.language,
    )
