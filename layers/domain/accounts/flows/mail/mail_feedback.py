"""Mail that came back: the address is marked, nobody mails it any more, and its owner is told at the next log-in.

A mail server that says "nobody here" and a person who says "spam" are believed about the address that we wrote to, and
about no other: whoever owns a mail server could have it say anything about anybody.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime

from msgspec import Struct

from accounts.model import audit, identities, users
from accounts.model.audit import Record
from accounts.model.identities import BOUNCE, COMPLAINT, Identities, Identity
from accounts.model.users import MailProblem, Users
from accounts.transactions import Change, Transactions, again_on_conflict

# What each problem is called in the audit records, and, once it is marked, in the log.
EVENTS = {BOUNCE: "mail_bounced", COMPLAINT: "mail_complained"}
MARKED = {BOUNCE: "bounced", COMPLAINT: "complained"}
KNOWN = "problem_known"
UNKNOWN_ADDRESS = "problem_of_unknown_address"


class MailFeedback(Struct, frozen=True):
    """Marks addresses that mail cannot or must not go to."""

    identities: Identities
    users: Users
    transactions: Transactions

    def mark(self, address: str, problem: MailProblem, now: datetime) -> str:
        """Mark a canonical address, once; tells a value of MARKED, KNOWN or UNKNOWN_ADDRESS. Raises Unavailable."""
        return again_on_conflict(lambda: self._mark(identities.email_key(address), problem, now))

    def _mark(self, key: str, problem: MailProblem, now: datetime) -> str:
        identity = self.identities.get(key)
        if identity is None:
            return UNKNOWN_ADDRESS
        if identity.undeliverable == problem:
            return KNOWN
        self.transactions.commit(*self._changes(identity, problem, now))
        return MARKED[problem]

    def _changes(self, identity: Identity, problem: MailProblem, now: datetime) -> tuple[Change, ...]:
        marked = identities.Replace(replace(identity, undeliverable=problem))
        # An address that nobody has confirmed is no account's.
        user = self.users.get(identity.user_id) if identity.verified else None
        if user is None or user.email != identity.email:
            return (marked,)
        told = users.NoteMailProblem(user.user_id, user.email, problem)
        return (marked, told, Record(user.user_id, EVENTS[problem], now, audit.NOBODY))
