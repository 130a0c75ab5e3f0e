"""Writes a planned email, and creates the token of its link.

An email goes to the stored address, never to one from a request (ASVS 6.5; EM-03), except to the new address of an
email change. An email to the address of someone else contains no text that the caller chose, and greets without a
name.
"""

from __future__ import annotations

from contextlib import suppress
from copy import replace
from datetime import datetime
from functools import partial
from urllib.parse import quote, urlencode

from msgspec import Struct

from accounts.flows.mail import mails, notices
from accounts.flows.mail.greetings import greeted
from accounts.flows.mail.mails import Content, Mail
from accounts.flows.mail.planning import (
    ChangeLink,
    CodeOfLogin,
    ConfirmationLink,
    FailuresNotice,
    Letter,
    Ready,
    ResetLink,
    SignUpLink,
)
from accounts.limits import EMAIL_CHANGE_LIFETIME, PASSWORD_RESET_LIFETIME, VERIFICATION_LIFETIME
from accounts.model import (
    address_changes,
    email_addresses,
    identities,
    login_codes,
    messages,
    one_time_tokens,
    sign_ups,
)
from accounts.model.audit import Caller, Record
from accounts.model.identities import Identities, Identity, email_key
from accounts.model.messages import OwnerNotice
from accounts.model.one_time_tokens import (
    EMAIL_CHANGE,
    PASSWORD_RESET,
    PROVIDER_VERIFICATION,
    NewAddress,
    OneTimeToken,
)
from accounts.model.providers import TITLES
from accounts.model.users import User, Users
from accounts.transactions import Conflict, Transactions, retry_on_conflict

# The serial of a record that is written once for its moment.
_ONCE = "00000000"


class Writing(Struct, frozen=True):
    """``site_url`` is configuration: requests cannot change links (CWE-640)."""

    identities: Identities
    users: Users
    transactions: Transactions
    site_url: str

    def write(self, letter: Letter, now: datetime) -> Mail | None:  # noqa: PLR0911 - a table
        """The email; None when the account or its address has changed since the plan."""
        match letter:
            case Ready():
                return self._mail(letter.to, letter.content, letter.language, letter.name)
            case SignUpLink():
                return self._sign_up(letter, now)
            case ConfirmationLink():
                return self._confirmation(letter, now)
            case ResetLink():
                return self._reset(letter.key, letter.user, now)
            case ChangeLink():
                return self._change(letter, now)
            case CodeOfLogin():
                return self._login_code(letter, now)
            case FailuresNotice():
                return self._failures(letter)
            case _:
                return self._notice(letter)

    def _notice(self, message: OwnerNotice) -> Mail | None:
        """A notice to the address that the account has now."""
        user = self.users.get(message.user_id)
        if user is None or not user.email:
            return None
        content = notices.content(message, user, partial(self._has_password, user))
        return self._mail(user.email, content, user.language, user.name)

    def _sign_up(self, letter: SignUpLink, now: datetime) -> Mail:
        plaintext, link = sign_ups.link(letter.sign_up, now)
        self.transactions.commit(one_time_tokens.Issue(link))
        address = sign_ups.address_of(letter.sign_up)
        url = f"{self.site_url}/verify-email#{_fragment(plaintext, address)}"
        return self._mail(address, mails.ConfirmEmail(url), letter.language)

    def _confirmation(self, letter: ConfirmationLink, now: datetime) -> Mail | None:
        identity = letter.identity
        plaintext, token = one_time_tokens.issue(
            PROVIDER_VERIFICATION, identity.key, lifetime=VERIFICATION_LIFETIME, now=now
        )
        if not self._supersede(identity, token):
            return None
        url = f"{self.site_url}/verify-email#{_fragment(plaintext, identity.email, ('with', identity.provider))}"
        return self._mail(identity.email, mails.ConfirmProviderEmail(url, TITLES[identity.provider]), letter.language)

    def _supersede(self, identity: Identity, token: OneTimeToken) -> bool:
        """Make the token the only one that confirms the identity; False if the identity was confirmed or replaced."""
        # TTL must not delete the identity before its link expires.
        kept = max(identity.expires_at or token.expires_at, token.expires_at)
        pending = replace(identity, pending_token=token.digest, expires_at=kept)
        try:
            self.transactions.commit(one_time_tokens.Issue(token), identities.Replace(pending))
        except Conflict:
            # A newer login has a message of its own on the queue; a confirmed identity needs none.
            return False
        return True

    def _failures(self, letter: FailuresNotice) -> Mail:
        """Writes the record, too: the request that failed does not know whether there is an account."""
        message, user_id = letter.message, letter.identity.user_id
        about, caller = (message.browser, message.at, message.source, letter.known), Caller(message.source, "")
        match message:
            case messages.LoginsDelayed():
                record = Record(user_id, "authn_login_fail_max", message.at, caller, serial=_ONCE)
                content: Content = mails.LoginsDelayed(*about)
            case messages.PasswordClosed():
                record = Record(user_id, "authn_login_lock", message.at, caller, serial=_ONCE)
                content = mails.PasswordClosed(*about)
        # The queue may deliver the message again.
        with suppress(Conflict):
            self.transactions.commit(record)
        return self._mail(letter.identity.email, content, letter.user.language, letter.user.name)

    def _reset(self, key: str, user: User, now: datetime) -> Mail | None:
        address = self._held(key, user.user_id)
        if address is None:
            return None
        payload = one_time_tokens.ResetLink(user.user_id)
        plaintext, token = one_time_tokens.issue(
            PASSWORD_RESET, key, lifetime=PASSWORD_RESET_LIFETIME, now=now, payload=payload
        )
        self.transactions.commit(one_time_tokens.Issue(token))
        link = f"{self.site_url}/reset-password#{_fragment(plaintext, address.email)}"
        if address.password_hash is None:
            content: Content = mails.PasswordForgotWithoutPassword(link, notices.other_methods(user))
        else:
            content = mails.PasswordForgot(link)
        return self._mail(address.email, content, user.language, user.name)

    def _login_code(self, letter: CodeOfLogin, now: datetime) -> Mail:
        """A code that replaces the earlier ones of its login."""
        message, pending, code = letter.message, letter.pending, login_codes.new()
        self.transactions.commit(one_time_tokens.Save(login_codes.stored(pending, code, message.salt, now)))
        content = mails.LoginCode(message.browser, message.at, message.source, code, pending.expires_at)
        return self._mail(letter.identity.email, content, letter.user.language, letter.user.name)

    def _change(self, letter: ChangeLink, now: datetime) -> Mail | None:
        to, user_id = letter.to, letter.user.user_id
        plaintext, token = one_time_tokens.issue(
            EMAIL_CHANGE, user_id, lifetime=EMAIL_CHANGE_LIFETIME, now=now, payload=NewAddress(to)
        )
        # A concurrent login may change the identity.
        if not retry_on_conflict(lambda: self._expect(token, letter)):
            return None
        link = f"{self.site_url}/verify-email#{_fragment(plaintext, to, ('change', '1'))}"
        return self._mail(to, mails.EmailChange(link), letter.user.language)

    def _expect(self, token: OneTimeToken, letter: ChangeLink) -> bool:
        """Store the token, and its digest on the account's address; False when the change is no longer wanted."""
        address = self._held(email_key(letter.user.email), letter.user.user_id)
        if address is None or not address_changes.is_wanted_since(address, letter.asked_at):
            return False
        pending = replace(address, pending_change=token.digest)
        self.transactions.commit(one_time_tokens.Issue(token), identities.Replace(pending))
        return True

    def _has_password(self, user: User) -> bool:
        address = self._held(email_key(user.email), user.user_id)
        return address is not None and address.is_login_method

    def _held(self, key: str, user_id: str) -> Identity | None:
        """The account's address; None when it is not, or cannot log in."""
        address = self.identities.get(key)
        return address if address and address.user_id == user_id and address.can_log_in else None

    def _mail(self, to: str, content: Content, language: str, name: str = "") -> Mail:
        """``name`` is that of the account whose confirmed address is ``to``."""
        return Mail(to, content, self.site_url, language, greeted(name))


def _fragment(token: str, address: str, *more: tuple[str, str]) -> str:
    """The page shows ``address``, and password managers save the password for it."""
    values = (("token", token), *more, ("email", email_addresses.shown(address)))
    return urlencode(values, safe="@", quote_via=quote)
