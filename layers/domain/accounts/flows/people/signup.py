"""Sign up: store an address and a password as an unconfirmed identity, which reserves nothing.

The answer, the work and the time are the same for a new, an unconfirmed and a taken address. A sign-up replaces an
unconfirmed one. For a taken address it changes nothing, and the owner gets an email.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import text
from accounts.limits import PERSON_NAME_MAX_CHARACTERS, UNVERIFIED_KEPT
from accounts.model import email_addresses, identities, messages, passwords, throttles, users
from accounts.model.audit import Caller
from accounts.model.identities import Identity
from accounts.model.messages import Outbox
from accounts.model.passwords import PasswordHasher, Policy
from accounts.model.throttles import Throttles
from accounts.transactions import Conflict, Transactions


class Signup(Struct, frozen=True):
    throttles: Throttles
    hasher: PasswordHasher
    policy: Policy
    transactions: Transactions
    outbox: Outbox

    def start(self, email: str, password: str, name: str, caller: Caller, now: datetime) -> None:
        """Store the sign-up and queue an email. Raises InvalidInput, WeakPassword or TooManyAttempts.

        No error depends on whether the address has an account.
        """
        address = email_addresses.canonical(email)
        person = text.line("name", name, at_most=PERSON_NAME_MAX_CHARACTERS)
        passwords.check_length(password)
        throttles.count_mail_request(self.throttles, caller, now)
        passwords.check_acceptable(password, email=address, policy=self.policy)
        self._write(_sign_up(address, person, self.hasher.hash(password), now))
        self.outbox.put(messages.Signup(address))

    def _write(self, identity: Identity) -> None:
        try:
            self.transactions.commit(identities.Signup(identity))
        except Conflict:
            # The address is taken, which the answer must not reveal. The mailer notifies its owner.
            return


class Resend(Struct, frozen=True):
    throttles: Throttles
    outbox: Outbox

    def ask(self, email: str, caller: Caller, now: datetime) -> None:
        """Queue the confirmation email again; the answer is the same if there is none to send."""
        address = email_addresses.canonical(email)
        throttles.count_mail_request(self.throttles, caller, now)
        self.outbox.put(messages.Signup(address))


def _sign_up(address: str, name: str, password_hash: str, now: datetime) -> Identity:
    return Identity(
        key=identities.email_key(address),
        user_id=users.new_user_id(),
        email=address,
        name=name,
        created_at=now,
        updated_at=now,
        password_hash=password_hash,
        expires_at=now + UNVERIFIED_KEPT,
    )
