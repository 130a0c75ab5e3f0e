"""What the mailer does with a message: look the account up, decide what to say, make the token, and hand over a mail.

Mail goes to the address that is stored, never to one that somebody typed (ASVS 6.5; EM-03), and to a stranger whose
address was merely typed in it carries no text of the sender's choosing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from accounts import identities, messages, one_time_tokens, secrets, throttles
from accounts.errors import TooManyAttempts, Unavailable
from accounts.identities import EMAIL, Identities, Identity
from accounts.limits import SIGN_UP_MAILS_PER_RECIPIENT, SIGN_UP_MAILS_WINDOW, VERIFICATION_LIFETIME
from accounts.messages import Message
from accounts.one_time_tokens import EMAIL_VERIFICATION, PROVIDER_VERIFICATION
from accounts.providers import TITLES
from accounts.throttles import Throttles
from accounts.transactions import Conflict, Transactions
from accounts.users import Users

SENT = "sent"
_PURPOSES = {True: EMAIL_VERIFICATION, False: PROVIDER_VERIFICATION}
NOBODY_TO_TELL = "nobody_to_tell"
LIMIT_REACHED = "limit_reached"
UNDELIVERABLE = "undeliverable"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to be rendered: ``template`` is a folder of the mail edge's templates, ``values`` what it may use."""

    to: str
    template: str
    values: Mapping[str, str]


class Postman(Protocol):
    """Whoever renders and sends."""

    def send(self, mail: Mail) -> None:
        """Send the mail; raises Unavailable when it was not taken."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """Turns messages into mails. ``site_url`` is configuration: no request has a say in a link (CWE-640)."""

    identities: Identities
    users: Users
    throttles: Throttles
    transactions: Transactions
    postman: Postman
    site_url: str

    def deliver(self, message: Message, now: datetime) -> str:
        """Send what there is to send; tells SENT, NOBODY_TO_TELL, LIMIT_REACHED or UNDELIVERABLE."""
        if message.kind == messages.SIGN_UP:
            return self._about(identities.email_key(message.email), now)
        if message.kind == messages.PROVIDER_SIGN_UP:
            return self._about(message.identity, now)
        user = self.users.get(message.user_id)
        if user is None or not user.email:
            return NOBODY_TO_TELL
        return self._send(user.email, message.kind, {"detail": message.detail})

    def _about(self, key: str, now: datetime) -> str:
        """Mail whoever can confirm the identity; for one that is confirmed, say so to its owner."""
        identity = self.identities.get(key)
        if identity is None or identity.disabled or (identity.verified and identity.provider != EMAIL):
            return NOBODY_TO_TELL
        recipient, limit = secrets.digest(identity.email), SIGN_UP_MAILS_PER_RECIPIENT
        toll = throttles.window("sign-up-mail", recipient, limit=limit, per=SIGN_UP_MAILS_WINDOW, now=now)
        try:
            throttles.take(self.throttles, toll, now=now)
        except TooManyAttempts:
            return LIMIT_REACHED
        try:
            return (
                self._send(identity.email, "already_registered", {})
                if identity.verified
                else self._send_link(identity, now)
            )
        except Unavailable:
            # Nothing was sent: the queue will bring the message again, and that is not one mail more.
            self.transactions.commit(throttles.GiveBack(toll))
            raise

    def _send_link(self, identity: Identity, now: datetime) -> str:
        plaintext, token = one_time_tokens.issue(
            _PURPOSES[identity.provider == EMAIL], identity.key, lifetime=VERIFICATION_LIFETIME, now=now
        )
        # What the link confirms must not be swept before the link ends.
        kept = max(identity.expires_at or token.expires_at, token.expires_at)
        pending = replace(identity, pending_token=token.digest, expires_at=kept)
        try:
            self.transactions.commit(one_time_tokens.Issue(token), identities.Replace(pending))
        except Conflict:
            # A newer sign-up or a confirmation came in between; its own message is on the queue, or none is needed.
            return NOBODY_TO_TELL
        link = f"{self.site_url}/email/verify#token={plaintext}"
        if identity.provider == EMAIL:
            return self._send(identity.email, "confirm_email", {"link": link})
        provider = TITLES[identity.provider]
        return self._send(
            identity.email, "confirm_provider_email", {"link": f"{link}&with={identity.provider}", "detail": provider}
        )

    def _send(self, to: str, template: str, values: Mapping[str, str]) -> str:
        # Asked of the address, whatever led to it: mail that comes back costs the deployment its right to send any.
        known = self.identities.get(identities.email_key(to))
        if known is not None and known.undeliverable:
            return UNDELIVERABLE
        self.postman.send(Mail(to, template, {"site_url": self.site_url, **values}))
        return SENT
