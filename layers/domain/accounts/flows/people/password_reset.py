"""Reset a forgotten password with an emailed link.

A request looks and costs the same for every address: count, queue, answer. The mailer finds the account, if there is
one. Because the link proves access to the mailbox, a reset ends everything that an attacker may have: all sessions, all
other links, the waits after failures. API keys and linked providers keep working, and the email says so.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.errors import InvalidLink, WeakPassword
from accounts.model import (
    email_addresses,
    identities,
    known_browsers,
    messages,
    one_time_tokens,
    passwords,
    sessions,
    throttles,
    user_agents,
    users,
)
from accounts.model.audit import Caller, Record
from accounts.model.identities import Identities, Identity
from accounts.model.known_browsers import Browser
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import PASSWORD_RESET, OneTimeToken, OneTimeTokens, ResetLink
from accounts.model.passwords import PasswordHasher, Policy
from accounts.model.source_limits import SourceLimits
from accounts.model.throttles import Throttles
from accounts.model.users import Users
from accounts.transactions import Conflict, Transactions, retry_on_conflict

_KNOWN_TO_OTHERS = "We disabled this password because someone else may know it. Choose another one."


class PasswordForgotten(Struct, frozen=True):
    sources: SourceLimits
    outbox: Outbox

    def ask(self, email: str, caller: Caller, now: datetime) -> None:
        """Queue a reset email. The mailer limits emails per address, silently (ASVS 2.4.1; OWASP Forgot Password).

        Raises ProofRequired or TooManyAttempts, for every address alike.
        """
        address = email_addresses.canonical(email)
        self.sources.count_email("forgot", caller, now)
        self.outbox.put(messages.PasswordForgot(address, caller.known_browser, caller.source))


class Reset(Struct, frozen=True):
    """``browser_token`` is for the cookie that identifies the browser, or empty when it has one."""

    user_id: str
    browser_token: str = ""

    def __repr__(self) -> str:
        """Omits the token: it may be printed in a traceback."""
        return f"Reset(user_id={self.user_id!r})"


class PasswordReset(Struct, frozen=True):
    """Sets a new password with an emailed token. Does not log in (OWASP Forgot Password)."""

    tokens: OneTimeTokens
    identities: Identities
    users: Users
    throttles: Throttles
    hasher: PasswordHasher
    policy: Policy
    transactions: Transactions
    notices: Outbox

    def reset(self, token: str, password: str, caller: Caller, now: datetime) -> Reset:
        """Consume the link, set the password and end sessions, in one transaction. Only this browser stays known.

        Raises InvalidLink for a link that is unknown, used, expired, another account's, for another purpose, or from
        before another change; WeakPassword, also for the revoked password (the link stays valid); TooManyAttempts.
        """
        passwords.check_length(password)
        throttles.count_confirmation(self.throttles, caller, now)
        found = one_time_tokens.find(self.tokens, PASSWORD_RESET, token, now)
        identity = self._identity_of(found)
        passwords.check_acceptable(password, email=identity.email, policy=self.policy)
        self._check_not_revoked(password, identity)
        password_hash, browser = self.hasher.hash(password), known_browsers.of(caller)
        retry_on_conflict(lambda: self._write(found, password_hash, browser, caller, now))
        self.notices.put(messages.PasswordReset(identity.user_id, **user_agents.place(caller, now)))
        return Reset(identity.user_id, browser.token)

    def _check_not_revoked(self, password: str, identity: Identity) -> None:
        """Refuse a revoked password, which others know (NIST SP 800-63B-4 3.1.1.2)."""
        known = identities.revoked_hash(identity)
        if known is not None and self.hasher.verify(password, known).matches:
            raise WeakPassword(_KNOWN_TO_OTHERS)

    def _identity_of(self, token: OneTimeToken | None) -> Identity:
        """The identity of the token, if its password and address have not changed since the token was issued."""
        identity = self.identities.get(token.subject) if token else None
        if token is None or identity is None or not identity.can_log_in:
            raise InvalidLink
        if token.data != ResetLink(identity.user_id).stored() or identities.is_outdated(identity, token.issued_at):
            raise InvalidLink
        return identity

    def _write(
        self, token: OneTimeToken | None, password_hash: str, browser: Browser, caller: Caller, now: datetime
    ) -> None:
        identity = self._identity_of(token)
        user = users.find(self.users, identity.user_id)
        if token is None or user is None:
            raise InvalidLink
        changed = identities.with_reset_password(identity, password_hash, browser.digest, now)
        try:
            self.transactions.commit(
                one_time_tokens.Consume(token.key),
                identities.Replace(changed),
                users.DropAllSessions(user),
                *map(sessions.End, user.sessions),
                Record(user.user_id, "authn_password_change", now, caller, {"by": "reset"}),
            )
        except Conflict as conflict:
            if conflict.concerns(one_time_tokens.Consume):
                raise InvalidLink from conflict
            raise
