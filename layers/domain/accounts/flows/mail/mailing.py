"""What the mailer does with a message: look the account up, decide what to say, make the token, and hand over a mail.

Mail goes to the address that is stored, never to one that somebody typed (ASVS 6.5; EM-03), but for the one that an
account is to move to; and to a stranger whose address was merely typed in it carries no text of the sender's choosing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import replace
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from accounts import secrets
from accounts.errors import TooManyAttempts, Unavailable
from accounts.limits import (
    EMAIL_CHANGE_LIFETIME,
    NOTICES_PER_HOUR,
    PASSWORD_RESET_LIFETIME,
    RESET_MAILS_PER_DAY,
    RESET_MAILS_PER_HOUR,
    SIGNUP_MAILS_PER_RECIPIENT,
    SIGNUP_MAILS_WINDOW,
    VERIFICATION_LIFETIME,
)
from accounts.model import identities, messages, one_time_tokens, throttles, users
from accounts.model.identities import EMAIL, Identities, Identity, email_key
from accounts.model.messages import Message
from accounts.model.one_time_tokens import EMAIL_CHANGE, EMAIL_VERIFICATION, PASSWORD_RESET, PROVIDER_VERIFICATION
from accounts.model.providers import TITLES
from accounts.model.throttles import Throttles, Toll
from accounts.model.users import User, Users
from accounts.transactions import Conflict, Transactions, again_on_conflict

SENT = "sent"
_PURPOSES = {True: EMAIL_VERIFICATION, False: PROVIDER_VERIFICATION}
NOBODY_TO_TELL = "nobody_to_tell"
LIMIT_REACHED = "limit_reached"
UNDELIVERABLE = "undeliverable"


class Mail(Struct, frozen=True):
    """A mail to be rendered: ``template`` is a folder of the mail edge's templates, ``values`` what it may use."""

    to: str
    template: str
    values: Mapping[str, str]


class Postman(Protocol):
    """Whoever renders and sends."""

    def send(self, mail: Mail) -> None:
        """Send the mail; raises Unavailable when it was not taken."""


class Mailing(Struct, frozen=True):
    """Turns messages into mails. ``site_url`` is configuration: no request has a say in a link (CWE-640)."""

    identities: Identities
    users: Users
    throttles: Throttles
    transactions: Transactions
    postman: Postman
    site_url: str

    def deliver(self, message: Message, now: datetime) -> str:
        """Send what there is to send; tells SENT, NOBODY_TO_TELL, LIMIT_REACHED or UNDELIVERABLE."""
        match message.kind:
            case messages.SIGNUP:
                return self._about(email_key(message.email), now)
            case messages.PROVIDER_SIGNUP:
                return self._about(message.identity, now)
            case messages.PASSWORD_FORGOT:
                return self._forgotten(message, now)
            case messages.EMAIL_CHANGE:
                return self._change(message, now)
            case messages.EMAIL_CHANGE_ASKED | messages.EMAIL_CHANGED:
                # To the address as it was: that its owner reads there is the point.
                return self._notice(message, now, lambda: self._send(message.email, message.kind, {}))
            case _:
                return self._notice(message, now, lambda: self._tell(message))

    def _notice(self, message: Message, now: datetime, send: Callable[[], str]) -> str:
        """Send within what an account's owner is told in an hour: whoever causes more wants to drown the rest."""
        whose, hour = f"{message.kind}-{message.user_id}", timedelta(hours=1)
        toll = throttles.window("notice", whose, limit=NOTICES_PER_HOUR, per=hour, now=now)
        return self._counted((toll,), now, send)

    def _tell(self, message: Message) -> str:
        """Tell an account's owner what happened, at the address the account has now."""
        user = self.users.get(message.user_id)
        if user is None or not user.email:
            return NOBODY_TO_TELL
        detail = message.detail
        if message.kind == messages.PASSWORD_RESET:
            detail = _providers_of(user)
        log_in = {"at": _in_words(message.at), "source": message.source} if message.at else {}
        program = {"client": message.client} if message.client else {}
        return self._send(user.email, message.kind, {"detail": detail, **log_in, **program})

    def _about(self, key: str, now: datetime) -> str:
        """Mail whoever can confirm the identity; for one that is confirmed, say so to its owner."""
        identity = self.identities.get(key)
        if identity is None or identity.disabled or (identity.verified and identity.provider != EMAIL):
            return NOBODY_TO_TELL
        tolls = _confirmation_tolls(identity.email, now)
        if identity.verified:
            return self._counted(tolls, now, lambda: self._send(identity.email, "already_registered", {}))
        return self._counted(tolls, now, lambda: self._send_confirmation(identity, now))

    def _forgotten(self, message: Message, now: datetime) -> str:
        """Mail a link that sets a new password, or a first one, to the owner of a confirmed address."""
        key = email_key(message.email)
        identity = self.identities.get(key)
        user = users.find(self.users, identity.user_id) if identity is not None and identity.can_log_in else None
        if identity is None or user is None:
            return NOBODY_TO_TELL
        # A browser that has logged in has mails of its own, which no stranger can use up.
        bucket = "reset-mail-known" if message.device in identity.devices else "reset-mail"
        return self._counted(_reset_tolls(bucket, identity.email, now), now, lambda: self._send_reset(key, user, now))

    def _send_reset(self, key: str, user: User, now: datetime) -> str:
        plaintext, token = one_time_tokens.issue(PASSWORD_RESET, key, lifetime=PASSWORD_RESET_LIFETIME, now=now)

        def superseding(address: Identity) -> Identity:
            return replace(address, pending_token=token.digest)

        address = self._issue(token, key, superseding, user.user_id)
        if address is None:
            return NOBODY_TO_TELL
        link = f"{self.site_url}/reset-password#token={plaintext}"
        if address.password_hash is None:
            values = {"link": link, "detail": _providers_of(user)}
            return self._send(address.email, "password_forgot_without_password", values)
        return self._send(address.email, "password_forgot", {"link": link})

    def _change(self, message: Message, now: datetime) -> str:
        """Mail the new address the link that moves the account to it; if it has an owner, tell them instead."""
        user = users.find(self.users, message.user_id)
        asked_at = datetime.fromisoformat(message.at)
        if user is None or now >= asked_at + EMAIL_CHANGE_LIFETIME:
            return NOBODY_TO_TELL
        current = self.identities.get(email_key(user.email))
        if current is None or (current.secured_at is not None and asked_at <= current.secured_at):
            # The queue was slow, and the password was changed or reset meanwhile: that cancels what was asked before.
            return NOBODY_TO_TELL
        taken = self.identities.get(email_key(message.email))
        tolls = _confirmation_tolls(message.email, now)
        if taken is None or not taken.verified:
            return self._counted(tolls, now, lambda: self._send_change(message.email, user, now))
        if taken.disabled:
            return NOBODY_TO_TELL
        return self._counted(tolls, now, lambda: self._send(taken.email, "already_registered", {}))

    def _send_change(self, to: str, user: User, now: datetime) -> str:
        plaintext, token = one_time_tokens.issue(
            EMAIL_CHANGE, user.user_id, lifetime=EMAIL_CHANGE_LIFETIME, now=now, data={"email": to}
        )

        def superseding(address: Identity) -> Identity:
            return replace(address, pending_change=token.digest)

        if self._issue(token, email_key(user.email), superseding, user.user_id) is None:
            return NOBODY_TO_TELL
        return self._send(to, "email_change", {"link": f"{self.site_url}/verify-email#token={plaintext}&change=1"})

    def _issue(
        self, token: one_time_tokens.OneTimeToken, key: str, superseding: Callable[[Identity], Identity], user_id: str
    ) -> Identity | None:
        """Write the token and make it the one that counts, on the address of the account; None when it is not its own.

        Log-ins change an identity too: then it is read and written once more, or the mail would be lost.
        """

        def attempt() -> Identity | None:
            address = self.identities.get(key)
            if address is None or address.user_id != user_id or not address.can_log_in:
                return None
            self.transactions.commit(one_time_tokens.Issue(token), identities.Replace(superseding(address)))
            return address

        return again_on_conflict(attempt)

    def _counted(self, tolls: tuple[Toll, ...], now: datetime, send: Callable[[], str]) -> str:
        """Send within the recipient's limits, silently; a mail that was not taken does not count."""
        try:
            throttles.take(self.throttles, *tolls, now=now)
        except TooManyAttempts:
            return LIMIT_REACHED
        try:
            return send()
        except Unavailable:
            # Nothing was sent: the queue will bring the message again, and that is not one mail more.
            self.transactions.commit(*map(throttles.GiveBack, tolls))
            raise

    def _send_confirmation(self, identity: Identity, now: datetime) -> str:
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
        link = f"{self.site_url}/verify-email#token={plaintext}"
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


def _confirmation_tolls(address: str, now: datetime) -> tuple[Toll, ...]:
    recipient, limit = secrets.digest(address), SIGNUP_MAILS_PER_RECIPIENT
    return (throttles.window("sign-up-mail", recipient, limit=limit, per=SIGNUP_MAILS_WINDOW, now=now),)


def _reset_tolls(bucket: str, address: str, now: datetime) -> tuple[Toll, ...]:
    recipient, limits = secrets.digest(address), ((RESET_MAILS_PER_HOUR, 1), (RESET_MAILS_PER_DAY, 24))
    return tuple(
        throttles.window(bucket, recipient, limit=limit, per=timedelta(hours=hours), now=now) for limit, hours in limits
    )


def _providers_of(user: User) -> str:
    """The providers that can log in to the account, as a person would list them; empty when there is none."""
    names = {key.partition("#")[0] for key in user.identities}
    return " and ".join(title for name, title in TITLES.items() if name in names)


def _in_words(at: str) -> str:
    """An ISO 8601 moment as people write it; UTC, because we do not know where they are."""
    return f"{datetime.fromisoformat(at):%-d %B %Y, %H:%M} UTC"
