"""Marks addresses whose emails bounce or are reported as spam. They get no more emails; the pages tell the owner.

A report as not spam removes the mark of a complaint, but not that of a bounce. A report is used only for the address
that the email was sent to: a mail server could report any other.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from accounts.model import audit, identities, users
from accounts.model.audit import Record
from accounts.model.identities import BOUNCE, COMPLAINT, Identities, Identity
from accounts.model.users import MailProblem, Users
from accounts.transactions import Change, Transactions, retry_on_conflict

# Names of each problem: in the audit records, and in the log once the address is marked. None: the mark is removed.
EVENTS = {BOUNCE: "mail_bounced", COMPLAINT: "mail_complained", None: "mail_wanted"}
MARKED = {BOUNCE: "bounced", COMPLAINT: "complained"}
WANTED: Final = "wanted"
KNOWN = "problem_known"
NOT_MARKED = "not_marked"
UNKNOWN_ADDRESS = "problem_of_unknown_address"


class Suppressions(Protocol):
    """SES's own list of addresses that get no more emails, shared by the AWS account."""

    def remove_complaint(self, address: str) -> None:
        """Remove the address, if it is listed for a complaint, but not for a bounce; raises Unavailable."""


class MailFeedback(Struct, frozen=True):
    identities: Identities
    users: Users
    transactions: Transactions
    suppressions: Suppressions

    def mark(self, address: str, problem: MailProblem, now: datetime) -> str:
        """Mark a canonical address; returns a value of MARKED, KNOWN or UNKNOWN_ADDRESS. Raises Unavailable."""
        return retry_on_conflict(lambda: self._mark(identities.email_key(address), problem, now))

    def unmark(self, address: str, now: datetime) -> str:
        """Send to a canonical address again; returns WANTED, NOT_MARKED or UNKNOWN_ADDRESS. Raises Unavailable."""
        return retry_on_conflict(lambda: self._unmark(address, now))

    def _unmark(self, address: str, now: datetime) -> str:
        identity = self.identities.get(identities.email_key(address))
        if identity is not None and identity.undeliverable == BOUNCE:
            return NOT_MARKED
        # First, because SES would report the next email to a listed address as another complaint.
        self.suppressions.remove_complaint(address)
        if identity is None:
            return UNKNOWN_ADDRESS
        if identity.undeliverable is None:
            return NOT_MARKED
        self.transactions.commit(*self._changes(identity, None, now))
        return WANTED

    def _mark(self, key: str, problem: MailProblem, now: datetime) -> str:
        identity = self.identities.get(key)
        if identity is None:
            return UNKNOWN_ADDRESS
        if identity.undeliverable == problem:
            return KNOWN
        self.transactions.commit(*self._changes(identity, problem, now))
        return MARKED[problem]

    def _changes(self, identity: Identity, problem: MailProblem | None, now: datetime) -> tuple[Change, ...]:
        marked = identities.Replace(replace(identity, undeliverable=problem))
        user = self.users.get(identity.user_id)
        if user is None or user.email != identity.email:
            return (marked,)
        noted = users.NoteMailProblem(user.user_id, user.email, problem)
        return (marked, noted, Record(user.user_id, EVENTS[problem], now, audit.NO_CALLER))
