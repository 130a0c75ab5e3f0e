"""Decides what to send for a message, and within which limits. Writes nothing."""

from __future__ import annotations

from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from accounts import secrets
from accounts.flows.mail import mails
from accounts.flows.mail.mails import Content
from accounts.flows.mail.notices import place
from accounts.limits import (
    EMAIL_CHANGE_LIFETIME,
    KEY_NOTICES_PER_HOUR,
    NEW_NETWORK_NOTICES_PER_ACCOUNT_PER_DAY,
    NEW_NETWORKS_RECORDED_PER_ACCOUNT_PER_DAY,
    NOTICES_PER_HOUR,
    RESET_MAILS_PER_DAY,
    RESET_MAILS_PER_HOUR,
    RESET_MAILS_PER_RECIPIENT,
    RESET_MAILS_WINDOW,
    SIGNUP_MAILS_PER_RECIPIENT,
    SIGNUP_MAILS_PER_SOURCE,
    SIGNUP_MAILS_WINDOW,
)
from accounts.model import messages, sign_ups, throttles, users
from accounts.model.address_changes import is_wanted_since
from accounts.model.audit import Caller, Record
from accounts.model.identities import (
    Identities,
    Identity,
    account_of,
    can_be_confirmed,
    email_key,
    is_outdated,
)
from accounts.model.messages import FailedLogins, Message, Notice, OwnerNotice
from accounts.model.one_time_tokens import PENDING_LOGIN, OneTimeToken, OneTimeTokens, PendingLogin, token_key
from accounts.model.throttles import Increment
from accounts.model.users import User, Users


class Ready(Struct, frozen=True):
    """An email that needs neither a token nor an account. ``name`` is that of the owner of the address."""

    to: str
    content: Content
    language: str
    name: str = ""


class SignUpLink(Struct, frozen=True):
    """An email to the address of a waiting sign-up, with the link that confirms it."""

    sign_up: OneTimeToken
    language: str


class ConfirmationLink(Struct, frozen=True):
    """An email to the address of a provider's ``identity``, with the link that confirms it."""

    identity: Identity
    language: str


class ResetLink(Struct, frozen=True):
    """A link that resets the password of the address with this identity ``key``."""

    key: str
    user: User


class FailuresNotice(Struct, frozen=True):
    """A notice of failed logins to the owner of ``identity``, and its record. ``known``: in a known browser."""

    message: FailedLogins
    identity: Identity
    known: bool
    user: User


class CodeOfLogin(Struct, frozen=True):
    """A code for the ``pending`` login with ``identity``, which is the user's."""

    message: messages.LoginCode
    pending: OneTimeToken
    identity: Identity
    user: User


class ChangeLink(Struct, frozen=True):
    """A link that changes the account's email to ``to``, sent to that address."""

    to: str
    user: User
    asked_at: datetime


# Notices that each key of an account may cause at once.
_OF_EACH_KEY = frozenset({messages.ApiKeyLeaked.tag(), messages.ApiKeyExpiring.tag()})

Letter = Ready | SignUpLink | ConfirmationLink | ResetLink | ChangeLink | CodeOfLogin | FailuresNotice | OwnerNotice
"""What to send. All except Ready are written only after they are counted."""


class Plan(Struct, frozen=True):
    """``record`` is written whether the email is sent or not, once, within the limits of ``recorded``."""

    limits: tuple[Increment, ...]
    letter: Letter
    record: Record | None = None
    recorded: tuple[Increment, ...] = ()


class Planning(Struct, frozen=True):
    identities: Identities
    users: Users
    tokens: OneTimeTokens

    def plan(self, message: Message, now: datetime) -> Plan | None:  # noqa: PLR0911 - a table
        """None when there is no recipient."""
        match message:
            case messages.Signup():
                return self._sign_up(message, now)
            case messages.ProviderSignup():
                return self._proof(message, now)
            case messages.PasswordForgot():
                return self._reset(message, now)
            case messages.EmailChange():
                return self._change(message, now)
            case messages.LoginCode():
                return self._login_code(message, now)
            case messages.LoginsDelayed() | messages.PasswordClosed():
                return self._failures(message, now)
            case messages.ApiKeyNewNetwork():
                return self._new_network(message, now)
            case _:
                return Plan(_notice_limits(message.kind, message.user_id, now), self._notice(message))

    def _sign_up(self, message: messages.Signup, now: datetime) -> Plan | None:
        """A link for the sign-up of this browser; if the address is confirmed, a notice to its owner instead."""
        limits = _confirmation_limits(message.email, message.source, now)
        identity = self.identities.get(email_key(message.email))
        if identity is not None and identity.verified:
            return None if identity.disabled else Plan(limits, self._already_registered(identity))
        sign_up = sign_ups.find(self.tokens, message.email, message.browser, now)
        return Plan(limits, SignUpLink(sign_up, message.language)) if sign_up is not None else None

    def _proof(self, message: messages.ProviderSignup, now: datetime) -> Plan | None:
        """A link for a provider's identity, if it can still be used: the message may be late."""
        key = message.identity
        pending = self.identities.get(key)
        # Version 0.2.0 kept an item without an address for each unlinked identity.
        if pending is None or pending.verified or not pending.email:
            return None
        local = self.identities.get(email_key(pending.email))
        if not can_be_confirmed(pending, local) or self._is_refused(key, local):
            return None
        return Plan(_confirmation_limits(pending.email, key, now), ConfirmationLink(pending, message.language))

    def _is_refused(self, key: str, local: Identity | None) -> bool:
        """Whether the account with the address has unlinked the identity."""
        account = account_of(self.users, local)
        return account is not None and account.refuses(key)

    def _reset(self, message: messages.PasswordForgot, now: datetime) -> Plan | None:
        key = email_key(message.email)
        identity = self.identities.get(key)
        user = users.find(self.users, identity.user_id) if identity is not None and identity.can_log_in else None
        if identity is None or user is None:
            return None
        return Plan(_reset_limits(message, identity, now), ResetLink(key, user))

    def _failures(self, message: FailedLogins, now: datetime) -> Plan | None:
        """A notice for the owner, if the address has a password."""
        identity = self.identities.get(email_key(message.email))
        user = users.find(self.users, identity.user_id) if identity is not None and identity.is_login_method else None
        if identity is None or user is None:
            return None
        known = message.known_browser in identity.known_browsers
        limits = _notice_limits(message.kind, identity.user_id, now)
        return Plan(limits, FailuresNotice(message, identity, known, user))

    def _new_network(self, message: messages.ApiKeyNewNetwork, now: datetime) -> Plan | None:
        """The owner is emailed about the first of a day; the others are in the history."""
        if users.find(self.users, message.user_id) is None:
            return None
        user_id, day = message.user_id, timedelta(days=1)
        limit, kept = NEW_NETWORK_NOTICES_PER_ACCOUNT_PER_DAY, NEW_NETWORKS_RECORDED_PER_ACCOUNT_PER_DAY
        emailed = throttles.window("notice", f"{message.kind}-{user_id}", limit=limit, per=day, now=now)
        recorded = throttles.window("new-network", user_id, limit=kept, per=day, now=now)
        return Plan((emailed,), message, _record(message), (recorded,))

    def _login_code(self, message: messages.LoginCode, now: datetime) -> Plan | None:
        """A code for a login that still waits, to its address. The request has counted it."""
        pending = self.tokens.get(token_key(PENDING_LOGIN, message.pending))
        if pending is None or now >= pending.expires_at:
            return None
        identity = self.identities.get(PendingLogin.of(pending).identity)
        if identity is None or not identity.can_log_in or identity.user_id != pending.subject:
            return None
        user = users.find(self.users, pending.subject)
        if user is None or is_outdated(identity, pending.issued_at):
            return None
        return Plan((), CodeOfLogin(message, pending, identity, user))

    def _change(self, message: messages.EmailChange, now: datetime) -> Plan | None:
        """A link for the new address; if that has an owner, a notice to them instead."""
        user = users.find(self.users, message.user_id)
        if user is None or not self._still_wanted(message, user, now):
            return None
        limits = _confirmation_limits(message.email, message.user_id, now)
        taken = self.identities.get(email_key(message.email))
        if taken is None or not taken.verified:
            return Plan(limits, ChangeLink(message.email, user, message.asked_at))
        return None if taken.disabled else Plan(limits, self._already_registered(taken))

    def _still_wanted(self, message: messages.EmailChange, user: User, now: datetime) -> bool:
        """Whether the request is recent, not cancelled, and the password has not been changed or reset since."""
        if now >= message.asked_at + EMAIL_CHANGE_LIFETIME:
            return False
        current = self.identities.get(email_key(user.email))
        if current is None or not is_wanted_since(current, message.asked_at):
            return False
        return not is_outdated(current, message.asked_at)

    def _already_registered(self, identity: Identity) -> Ready:
        return self._ready(identity.email, mails.AlreadyRegistered(), identity.user_id)

    def _notice(self, message: Notice) -> Letter:
        match message:
            case messages.EmailChangeAsked():
                return self._ready(message.email, mails.EmailChangeAsked(**place(message)), message.user_id)
            case messages.EmailChanged():
                # To the address that the account no longer has.
                content = mails.EmailChanged(**place(message))
                return replace(self._ready(message.email, content, message.user_id), name="")
            case _:
                return message

    def _ready(self, to: str, content: Content, user_id: str) -> Ready:
        user = users.find(self.users, user_id)
        return Ready(to, content, user.language, user.name) if user else Ready(to, content, "")


def _record(message: messages.ApiKeyNewNetwork) -> Record:
    return Record(
        message.user_id,
        "authn_token_new_network",
        datetime.fromisoformat(message.at),
        Caller(message.source, message.user_agent),
        {"api_key": message.key_id, "name": message.name},
        # The same when the queue delivers the message again.
        serial=secrets.digest(message.key_id)[:8],
    )


def _notice_limits(kind: str, user_id: str, now: datetime) -> tuple[Increment, ...]:
    """Per account and kind, so that an attacker cannot bury one notice under many."""
    whose, hour = f"{kind}-{user_id}", timedelta(hours=1)
    limit = KEY_NOTICES_PER_HOUR if kind in _OF_EACH_KEY else NOTICES_PER_HOUR
    return (throttles.window("notice", whose, limit=limit, per=hour, now=now),)


def _confirmation_limits(address: str, cause: str, now: datetime) -> tuple[Increment, ...]:
    """By ``cause`` (a source, account or identity) and address first, so that no cause uses up an address's limit."""
    recipient, per = secrets.digest(address), SIGNUP_MAILS_WINDOW
    return (
        throttles.window("sign-up-mail-of", f"{cause}-{recipient}", limit=SIGNUP_MAILS_PER_SOURCE, per=per, now=now),
        throttles.window("sign-up-mail", recipient, limit=SIGNUP_MAILS_PER_RECIPIENT, per=per, now=now),
    )


def _reset_limits(message: messages.PasswordForgot, identity: Identity, now: datetime) -> tuple[Increment, ...]:
    """By source and address first, so that no source uses up all of an address.

    Known browsers have a limit of their own, which strangers cannot use up.
    """
    recipient = secrets.digest(identity.email)
    hour, day = (RESET_MAILS_PER_HOUR, timedelta(hours=1)), (RESET_MAILS_PER_DAY, timedelta(days=1))
    if message.known_browser in identity.known_browsers:
        return (throttles.windows("reset-mail-known", recipient, hour, day, now=now),)
    limit, per = RESET_MAILS_PER_RECIPIENT, RESET_MAILS_WINDOW
    return (
        throttles.windows("reset-mail-of", f"{message.source}-{recipient}", hour, day, now=now),
        throttles.window("reset-mail", recipient, limit=limit, per=per, now=now),
    )
