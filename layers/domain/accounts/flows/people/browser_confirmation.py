"""Confirm a browser that the account does not know, with a code by email.

Only a right password comes this far, so what happens here says nothing about wrong ones or unknown addresses. An
account with a second factor is asked for that instead. The pending login is finished by ``second_step``.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.errors import (
    EmailCodeRequired,
    EmailCodeUndeliverable,
    InvalidCredentials,
    InvalidEmailCode,
    PendingLoginExpired,
    TooManyAttempts,
    Unavailable,
)
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import (
    email_addresses,
    login_codes,
    messages,
    one_time_tokens,
    pending_logins,
    second_factors,
    throttles,
    user_agents,
    users,
)
from accounts.model.audit import Caller
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import PENDING_LOGIN, OneTimeToken, OneTimeTokens, PendingLogin
from accounts.model.throttles import LimitReached, Throttles
from accounts.model.users import User, Users
from accounts.transactions import Change, Conflict, Transactions


class BrowserConfirmation(Struct, frozen=True):
    users: Users
    tokens: OneTimeTokens
    throttles: Throttles
    transactions: Transactions
    outbox: Outbox

    def require(self, logged_in: LoggedIn, *meanwhile: Change, failures: int) -> User:
        """Ask for a code, and write ``meanwhile``; only an account with a second factor is returned instead.

        Raises EmailCodeRequired, with a pending login. Also raises EmailCodeUndeliverable or TooManyAttempts, after
        ``meanwhile`` is written as well, Conflict or MailUnavailable, or InvalidCredentials when the account is gone or
        disabled.
        """
        identity, session = logged_in.identity, logged_in.session
        user = users.find(self.users, identity.user_id)
        if user is None:
            raise InvalidCredentials
        if second_factors.is_on(user):
            return user
        if identity.undeliverable is not None:
            self.transactions.commit(*meanwhile)
            raise EmailCodeUndeliverable
        pending, token = pending_logins.begin(user, session, identity.key, "", failures, known=False)
        try:
            changes = (one_time_tokens.Issue(token), *meanwhile)
            self._send(pending, token, *changes, caller=session.caller, now=token.issued_at)
        except TooManyAttempts:
            self.transactions.commit(*meanwhile)
            raise
        raise EmailCodeRequired(pending, email_addresses.masked(identity.email))

    def send_again(self, pending: str, caller: Caller, now: datetime) -> None:
        """Replace the code by a new one. The tries that were used are not given back.

        Raises PendingLoginExpired, TooManyAttempts or MailUnavailable.
        """
        token = one_time_tokens.find(self.tokens, PENDING_LOGIN, pending, now)
        if token is None or not PendingLogin.of(token).awaits_email:
            raise PendingLoginExpired
        self._send(pending, token, caller=caller, now=now)

    def check(self, pending: str, token: OneTimeToken, typed: str, now: datetime) -> None:
        """Count the try, then check the code.

        Raises InvalidEmailCode, uncounted for what cannot be a code, or PendingLoginExpired after five tries.
        """
        code = login_codes.typed(typed)
        try:
            self.throttles.take(login_codes.one_try(token), now)
        except LimitReached as refused:
            raise PendingLoginExpired from refused
        sent = self.tokens.get(login_codes.key(token))
        if sent is None or not login_codes.is_right(sent, code, login_codes.salt(pending)):
            raise InvalidEmailCode

    def _send(self, pending: str, token: OneTimeToken, *changes: Change, caller: Caller, now: datetime) -> None:
        """Count the code, write, and queue its email. If either fails, it is not counted."""
        limits = login_codes.limits(token.subject, caller, now)
        throttles.take(self.throttles, *limits, now=now)
        browser, salt = user_agents.describe(caller.user_agent), login_codes.salt(pending)
        message = messages.LoginCode(token.subject, browser, now, caller.source, token.digest, salt)
        try:
            if changes:
                self.transactions.commit(*changes)
            self.outbox.put(message)
        except (Conflict, Unavailable):
            self.throttles.give_back(*limits)
            raise
