"""A forgotten password: a link by mail, and a new password for whoever brings its token.

Asking looks the same for every address and costs the same: count, queue, answer. The mailer finds the account, if there
is one. Whoever brings the token has shown the mailbox, and everything that somebody else may hold ends with it: all
sessions, all other links, the waits. API keys and linked logins stay, and the mail about it says so.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime

from msgspec import Struct

from accounts.errors import InvalidLink, TooManyAttempts, WeakPassword
from accounts.model import email_addresses, identities, messages, one_time_tokens, passwords, sessions, throttles, users
from accounts.model.audit import Caller, Record
from accounts.model.identities import Identities, Identity
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import PASSWORD_RESET, OneTimeToken, OneTimeTokens
from accounts.model.passwords import PasswordHasher, Policy
from accounts.model.throttles import Throttles
from accounts.model.users import Users
from accounts.transactions import Conflict, Transactions, retry_on_conflict

_KNOWN_TO_OTHERS = "This password was taken out of use because others may know it. Choose another one."


class PasswordForgotten(Struct, frozen=True):
    """Asks for the mail."""

    throttles: Throttles
    outbox: Outbox

    def ask(self, email: str, caller: Caller, now: datetime) -> None:
        """Have a link mailed, if there is anybody to mail it to.

        A source that asks too often gets no mail and the same answer (ASVS 2.4.1; OWASP Forgot Password), sooner by the
        queue's round trip, for every address alike. How much one address gets is the mailer's to count.
        """
        address = email_addresses.canonical(email)
        try:
            throttles.count_mail_request(self.throttles, caller, now)
        except TooManyAttempts:
            return
        self.outbox.put(messages.PasswordForgot(address, caller.known_browser))


class PasswordReset(Struct, frozen=True):
    """Sets a new password for whoever brings the mailed token. It does not sign in (OWASP Forgot Password)."""

    tokens: OneTimeTokens
    identities: Identities
    users: Users
    throttles: Throttles
    hasher: PasswordHasher
    policy: Policy
    transactions: Transactions
    notices: Outbox

    def reset(self, token: str, password: str, caller: Caller, now: datetime) -> str:
        """Use up the link, set the password and end what must end, in one transaction; tells whose it was.

        Raises InvalidLink for a link that is unknown, used, expired, superseded, of another purpose, or from before
        another change; WeakPassword, also for one that was revoked (the link stays good); TooManyAttempts when a
        source brings too many.
        """
        passwords.check_length(password)
        throttles.count_confirmation(self.throttles, caller, now)
        found = one_time_tokens.find(self.tokens, PASSWORD_RESET, token, now)
        identity = self._named_by(found)
        passwords.check_acceptable(password, email=identity.email, policy=self.policy)
        self._check_is_another(password, identity)
        password_hash = self.hasher.hash(password)
        retry_on_conflict(lambda: self._write(found, password_hash, caller, now))
        self.notices.put(messages.PasswordReset(identity.user_id))
        return identity.user_id

    def _check_is_another(self, password: str, identity: Identity) -> None:
        """Refuse a password that was taken out of use because others know it (NIST SP 800-63B-4 3.1.1.2)."""
        known = identities.revoked_hash(identity)
        if known is not None and self.hasher.verify(password, known).matches:
            raise WeakPassword(_KNOWN_TO_OTHERS)

    def _named_by(self, token: OneTimeToken | None) -> Identity:
        """The address that the token is for, if it is still the one link that counts."""
        identity = self.identities.get(token.subject) if token else None
        if token is None or identity is None or not identity.can_log_in or identity.pending_token != token.digest:
            raise InvalidLink
        return identity

    def _write(self, token: OneTimeToken | None, password_hash: str, caller: Caller, now: datetime) -> None:
        identity = self._named_by(token)
        user = users.find(self.users, identity.user_id)
        if token is None or user is None:
            raise InvalidLink
        try:
            self.transactions.commit(
                one_time_tokens.Consume(token.key),
                identities.Replace(_with_new_password(identity, password_hash, caller, now)),
                users.DropAllSessions(user),
                *map(sessions.End, user.sessions),
                throttles.Clear(throttles.streak_key(identity.email)),
                Record(user.user_id, "authn_password_change", now, caller, {"by": "reset"}),
            )
        except Conflict as conflict:
            if conflict.concerns(one_time_tokens.Consume):
                raise InvalidLink from conflict
            raise


def _with_new_password(identity: Identity, password_hash: str, caller: Caller, now: datetime) -> Identity:
    """Of the browsers, the one that resets is still known: whoever else logged in before is announced as new."""
    known = (caller.known_browser,) if caller.known_browser else ()
    return replace(identities.secured(identity, now), password_hash=password_hash, known_browsers=known)
