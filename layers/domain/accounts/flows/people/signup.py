"""Signing up: an address and a password become an identity that claims nothing until its owner confirms it.

The answer, the work and the time are the same for an address that is new, waiting or taken. A sign-up over a waiting
one replaces it; over a taken one it changes nothing, and the owner is told by mail.
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
    """Starts an account."""

    throttles: Throttles
    hasher: PasswordHasher
    policy: Policy
    transactions: Transactions
    outbox: Outbox

    def start(self, email: str, password: str, name: str, caller: Caller, now: datetime) -> None:
        """Write the sign-up and have a mail sent; raises InvalidInput or WeakPassword, which depend on input alone."""
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
            # The address has its owner. Nothing changes here, and the answer must not tell: the mailer tells them.
            return


class Resend(Struct, frozen=True):
    """Asks for the confirmation mail again."""

    throttles: Throttles
    outbox: Outbox

    def ask(self, email: str, caller: Caller, now: datetime) -> None:
        """Have the mail sent again, if there is one to send; the answer is the same if not."""
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
