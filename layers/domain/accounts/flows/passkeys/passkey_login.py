"""Log in with a passkey, or re-authenticate with one. No address is typed: the authenticator knows the account.

Every failure gets the same answer: an unknown or removed passkey, another account's, a response that is malformed or
not signed with it, a challenge that is used, expired or another browser's, and a disabled account. A passkey always
verifies its user (by fingerprint, face or PIN), so it is a complete login.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from accounts import secrets
from accounts.errors import InvalidCredentials, InvalidPasskey
from accounts.flows.passkeys.challenges import Challenges, Invitation, Purpose
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn, SessionOpening, notify_owner
from accounts.limits import PASSKEY_ATTEMPTS_PER_ADDRESS_PER_MINUTE
from accounts.model import identities, messages, passkeys, throttles, user_agents, users
from accounts.model.audit import Caller, Record
from accounts.model.factor_proofs import UsedPasskey
from accounts.model.identities import Identities, Identity
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import (
    PASSKEY_LOGIN,
    PASSKEY_REAUTHENTICATION,
    PENDING_LOGIN,
    Consume,
    Discard,
    token_key,
)
from accounts.model.passkeys import Assertion, Authenticators, Counterfeit, Passkey, Passkeys
from accounts.model.sessions import PASSKEY, Session
from accounts.model.throttles import Throttles
from accounts.model.users import Users
from accounts.transactions import Change, Transactions, retry_on_conflict


class Attempt(Struct, frozen=True):
    """A response, and what a success opens. ``session`` is the one to re-authenticate, or None for a login.

    ``ended`` are changes that are written with the new session.
    """

    response: Assertion
    purpose: Purpose
    browser: str
    remember: bool
    session: Session | None
    instead_of: Session | None
    ended: tuple[Change, ...] = ()


class PasskeyLogin(Struct, frozen=True):
    """A failure of ``notices`` is ignored."""

    challenges: Challenges
    authenticators: Authenticators
    passkeys: Passkeys
    users: Users
    identities: Identities
    throttles: Throttles
    opening: SessionOpening
    transactions: Transactions
    notices: Outbox

    def invite(self, browser: str, caller: Caller, now: datetime) -> str:
        """A challenge for a login in the browser with this digest of its cookie; raises TooManyAttempts."""
        return self.challenges.issue(PASSKEY_LOGIN, browser, caller, now)

    def log_in(
        self,
        response: Assertion,
        browser: str,
        *,
        remember: bool,
        presented: Credential | None,
        caller: Caller,
        now: datetime,
        pending: str = "",
    ) -> LoggedIn:
        """Log in, ending the ``presented`` session and the ``pending`` login, which the passkey finishes.

        Raises InvalidPasskey whatever the reason, or TooManyAttempts.
        """
        replaced = self.opening.presented(presented)
        ended = (Discard(token_key(PENDING_LOGIN, secrets.digest(pending))),) if pending else ()
        return self._opened(Attempt(response, PASSKEY_LOGIN, browser, remember, None, replaced, ended), caller, now)

    def remind(self, session: Session, caller: Caller, now: datetime) -> Invitation:
        """A challenge for the session's own browser; raises Unauthenticated or TooManyAttempts."""
        user = users.active(self.users, session.user_id)
        return Invitation(self.challenges.issue(PASSKEY_REAUTHENTICATION, session.digest, caller, now), user)

    def reauthenticate(self, session: Session, response: Assertion, caller: Caller, now: datetime) -> LoggedIn:
        """Replace ``session`` by a new one with the same "remember me"; raises InvalidPasskey or TooManyAttempts."""
        browser, remember = session.digest, session.remembered
        attempt = Attempt(response, PASSKEY_REAUTHENTICATION, browser, remember, session, session)
        return self._opened(attempt, caller, now)

    def _opened(self, attempt: Attempt, caller: Caller, now: datetime) -> LoggedIn:
        limit, minute = PASSKEY_ATTEMPTS_PER_ADDRESS_PER_MINUTE, timedelta(minutes=1)
        throttles.count(self.throttles, "passkey", caller.source, limit=limit, per=minute, now=now)
        try:
            before, logged_in = retry_on_conflict(lambda: self._open(attempt, caller, now))
        except (Counterfeit, InvalidCredentials) as refused:
            raise InvalidPasskey from refused
        notify_owner(self.notices, before, logged_in)
        return logged_in

    def _open(self, attempt: Attempt, caller: Caller, now: datetime) -> tuple[Identity, LoggedIn]:
        """Reads everything again on each retry, so that what a concurrent login used or an owner removed is refused."""
        response = attempt.response
        challenge, consume = self.challenges.answered(attempt.purpose, attempt.browser, response.client_data, now)
        passkey = self._passkey(response, attempt.session)
        signed = self.authenticators.signed(response, passkey, challenge)
        address = self._address(passkey)
        if signed.goes_back(passkey):
            self._report_copy(passkey, consume, caller, now)
        logged_in = self._begun(address, passkey, attempt, caller, now)
        known = (identities.Replace(logged_in.identity),) if logged_in.is_new_browser else ()
        use = passkeys.Use(passkey, signed, now)
        changes, proof = (consume, use, *known, *attempt.ended), UsedPasskey(passkey.credential_id)
        self.opening.open(logged_in.session, *changes, instead_of=attempt.instead_of, proof=proof)
        return address, logged_in

    def _begun(self, address: Identity, passkey: Passkey, attempt: Attempt, caller: Caller, now: datetime) -> LoggedIn:
        logged_in = self.opening.begin(address, method=PASSKEY, remember=attempt.remember, caller=caller, now=now)
        session = replace(logged_in.session, passkey=passkeys.public_id(passkey.credential_id))
        return replace(logged_in, session=session)

    def _passkey(self, response: Assertion, session: Session | None) -> Passkey:
        """The passkey of the account that the authenticator names; in a session, it may name none."""
        named = self.authenticators.account(response)
        owner = session.user_id if session else named
        passkey = self.passkeys.get(response.credential_id) if passkeys.is_id(response.credential_id) else None
        if passkey is None or passkey.user_id != owner or named not in {owner, "" if session else owner}:
            raise Counterfeit
        return passkey

    def _address(self, passkey: Passkey) -> Identity:
        """The account's address, which knows its browsers; raises Counterfeit unless the account has the passkey."""
        user = users.find(self.users, passkey.user_id)
        if user is None or passkey.credential_id not in user.passkeys:
            raise Counterfeit
        address = self.identities.get(identities.email_key(user.email))
        if address is None or address.user_id != user.user_id or not address.can_log_in:
            raise Counterfeit
        return address

    def _report_copy(self, passkey: Passkey, consume: Consume, caller: Caller, now: datetime) -> None:
        """Refuse a counter that went back: two authenticators sign with this passkey. The owner is emailed."""
        record = Record(passkey.user_id, "authn_passkey_copied", now, caller, {"name": passkey.name})
        self.transactions.commit(consume, record)
        browser = user_agents.describe(caller.user_agent)
        self.notices.put(messages.PasskeyCopied(passkey.user_id, browser, now, caller.source, passkey.name))
        raise InvalidPasskey
