"""Sends the email for a queued message: plan, count, write, send."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from accounts.errors import TooManyAttempts, Unavailable
from accounts.flows.mail.mails import Mail, Postman
from accounts.flows.mail.planning import Letter, Planning
from accounts.flows.mail.writing import Writing
from accounts.model import throttles
from accounts.model.audit import Record
from accounts.model.identities import Identities, email_key
from accounts.model.messages import Message
from accounts.model.one_time_tokens import OneTimeTokens
from accounts.model.throttles import Increment, Throttles
from accounts.model.users import Users
from accounts.transactions import Conflict, Transactions

Outcome = Literal["sent", "nobody_to_tell", "limit_reached", "undeliverable"]
SENT: Final = "sent"
NOBODY_TO_TELL: Final = "nobody_to_tell"
LIMIT_REACHED: Final = "limit_reached"
UNDELIVERABLE: Final = "undeliverable"


class Mailing(Struct, frozen=True):
    """``site_url`` is configuration: requests cannot change links (CWE-640)."""

    identities: Identities
    users: Users
    tokens: OneTimeTokens
    throttles: Throttles
    transactions: Transactions
    postman: Postman
    site_url: str

    def deliver(self, message: Message, now: datetime) -> Outcome:
        """Send the email, within the recipient's limits; raises Unavailable, and then counts nothing."""
        plan = Planning(self.identities, self.users, self.tokens).plan(message, now)
        if plan is None:
            return NOBODY_TO_TELL
        if plan.record is not None:
            self._keep(plan.record, plan.recorded, now)
        try:
            throttles.take(self.throttles, *plan.limits, now=now)
        except TooManyAttempts:
            return LIMIT_REACHED
        try:
            return self._write_and_send(plan.letter, now)
        except Unavailable:
            # The queue redelivers the message, which must not count as a second email.
            self.throttles.give_back(*plan.limits)
            raise

    def _keep(self, record: Record, limits: tuple[Increment, ...], now: datetime) -> None:
        with suppress(TooManyAttempts, Conflict):
            throttles.take(self.throttles, *limits, now=now)
            # The queue may deliver the message again.
            self.transactions.commit(record)

    def _write_and_send(self, letter: Letter, now: datetime) -> Outcome:
        mail = Writing(self.identities, self.users, self.transactions, self.site_url).write(letter, now)
        if mail is None:
            return NOBODY_TO_TELL
        if self._is_undeliverable(mail):
            return UNDELIVERABLE
        self.postman.send(mail)
        return SENT

    def _is_undeliverable(self, mail: Mail) -> bool:
        """Checked for every recipient: too many bounces would suspend the deployment's sending."""
        known = self.identities.get(email_key(mail.to))
        return known is not None and known.undeliverable is not None
