"""Sign up: keep a name and a password for an address until the emailed link confirms it. Reserves nothing.

The answer, the work and the time are the same for every address: the request does not look it up. If the address is
taken, its owner gets another email.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import secrets, text
from accounts.limits import PERSON_NAME_MAX_CHARACTERS
from accounts.model import email_addresses, known_browsers, messages, one_time_tokens, passwords, sign_ups
from accounts.model.audit import Caller
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import SignUp
from accounts.model.passwords import PasswordHasher, Policy
from accounts.model.source_limits import SourceLimits
from accounts.transactions import Transactions


class Started(Struct, frozen=True):
    """Tokens for cookies: ``proof`` confirms this sign-up; ``browser`` is empty when the browser has one."""

    proof: str
    browser: str

    def __repr__(self) -> str:
        """Omits the tokens: it may be printed in a traceback."""
        return "Started()"


class Signup(Struct, frozen=True):
    sources: SourceLimits
    hasher: PasswordHasher
    policy: Policy
    transactions: Transactions
    outbox: Outbox

    def start(self, email: str, password: str, name: str, caller: Caller, now: datetime) -> Started:
        """Store the sign-up and queue an email.

        Raises InvalidInput, WeakPassword, ProofRequired or TooManyAttempts, whether or not the address has an account.
        """
        address = email_addresses.canonical(email)
        person = text.line("name", name, at_most=PERSON_NAME_MAX_CHARACTERS)
        passwords.check_length(password)
        self.sources.count_email("signup", caller, now)
        passwords.check_acceptable(password, email=address, policy=self.policy)
        browser, proof = known_browsers.of(caller), secrets.new_token()
        sign_up = SignUp(person, self.hasher.hash(password), browser.digest, secrets.digest(proof))
        self.transactions.commit(one_time_tokens.Save(sign_ups.waiting(address, sign_up, now)))
        self.outbox.put(messages.Signup(address, browser.digest, caller.source, caller.language))
        return Started(proof, browser.token)


class Resend(Struct, frozen=True):
    sources: SourceLimits
    outbox: Outbox

    def ask(self, email: str, caller: Caller, now: datetime) -> None:
        """Queue the email of this browser's sign-up again; the answer is the same if there is none."""
        address = email_addresses.canonical(email)
        self.sources.count_email("resend", caller, now)
        self.outbox.put(messages.Signup(address, caller.known_browser, caller.source, caller.language))
