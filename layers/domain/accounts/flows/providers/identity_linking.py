"""Carry out the decisions of ``linking``: create accounts, link identities, and verify addresses."""

from __future__ import annotations

from copy import replace
from datetime import datetime

from msgspec import Struct

from accounts.errors import (
    AddressReused,
    IdentityLimitReached,
    InvalidCredentials,
    InvalidLink,
    LoginExpired,
    Unauthenticated,
)
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn, SessionOpening, login_record, notify_owner
from accounts.limits import IDENTITIES_PER_ACCOUNT, UNVERIFIED_KEPT
from accounts.model import (
    identities,
    known_browsers,
    linking,
    messages,
    one_time_tokens,
    providers,
    sessions,
    throttles,
    users,
)
from accounts.model.audit import Caller, Record
from accounts.model.identities import Identities, Identity, can_be_confirmed, email_key, provider_key
from accounts.model.linking import Decision, LinkToAccount, NewAccount, OpenAccount, decide
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import PROVIDER_VERIFICATION, OneTimeToken, OneTimeTokens
from accounts.model.providers import TITLES, ProviderPerson
from accounts.model.sessions import Session
from accounts.model.throttles import Throttles
from accounts.model.users import AddIdentity, User, Users
from accounts.transactions import Change, Conflict, Transactions


class IdentityLinking(Struct, frozen=True):
    """A failure of ``notices`` is ignored. A failure of ``outbox`` fails the flow, which depends on the email."""

    opening: SessionOpening
    users: Users
    transactions: Transactions
    outbox: Outbox
    notices: Outbox

    def login(
        self,
        person: ProviderPerson,
        decision: Decision,
        known: Identity | None,
        presented: Credential | None,
        caller: Caller,
        now: datetime,
    ) -> LoggedIn:
        """Log in to the account that was decided on, creating or linking it first. ``known`` is the subject as stored.

        The ``presented`` session ends last, once the login cannot be refused any more.
        """
        if isinstance(decision, OpenAccount) and known is not None:
            logged_in = self._open(known, caller, now)
            # First: ending the presented session may fail, and by then the account knows this browser.
            notify_owner(self.notices, known, logged_in)
            self.opening.end_presented(presented, caller, now)
            return logged_in
        if isinstance(decision, NewAccount):
            logged_in = self._create_account(person, (), caller, now)
        elif isinstance(decision, LinkToAccount):
            self.link(person, decision, caller, now)
            logged_in = self._open(_identity(person, decision.user_id, now), caller, now)
        else:
            raise LoginExpired
        self.opening.end_presented(presented, caller, now)
        return logged_in

    def reauthenticate(self, known: Identity, session: Session, caller: Caller, now: datetime) -> LoggedIn:
        """Replace ``session`` by a new session, for a subject that is linked to its account."""
        logged_in = self._open(known, caller, now, instead_of=session)
        notify_owner(self.notices, known, logged_in)
        return logged_in

    def link(
        self,
        person: ProviderPerson,
        decision: Decision,
        caller: Caller,
        now: datetime,
        *also: Change,
        session: str | None = None,
        asked_at: datetime | None = None,
    ) -> None:
        """Link the subject to the account, unless it is linked already.

        ``session`` is the one that asked for it: if it has ended, nothing is linked. ``asked_at`` is when an emailed
        link was asked for: if the address has been secured since, nothing is linked.
        """
        if not isinstance(decision, LinkToAccount):
            return
        # Remember the linking browser, so that only a login from another one triggers the new-browser email.
        linked = _identity(person, decision.user_id, now)
        identity = known_browsers.remember(linked, caller.known_browser) if caller.known_browser else linked
        address = decision.verified_address
        reason = (identities.StillVerified(address.key, address.user_id, asked_at),) if address else ()
        add = AddIdentity(decision.user_id, identity.key, IDENTITIES_PER_ACCOUNT, session)
        record = Record(decision.user_id, "authn_identity_linked", now, caller, {"provider": person.provider})
        try:
            self.transactions.commit(identities.Claim(identity), add, record, *reason, *also)
        except Conflict as conflict:
            raise self._refusal(conflict, add) from conflict
        self.notices.put(messages.IdentityLinked(decision.user_id, TITLES[person.provider]))

    def account_of(self, local: Identity | None) -> User | None:
        """The account that has verified the address ``local``."""
        return identities.account_of(self.users, local)

    def request_confirmation(self, person: ProviderPerson, account: User | None, browser: str, now: datetime) -> None:
        """Store the subject as unconfirmed, bound to this browser, and queue an email to its address.

        ``account`` is the one that has verified the address, or None. If another one has it later, the link is invalid.
        """
        identity = replace(
            _identity(person, users.new_user_id(), now),
            verified=False,
            for_account=account.user_id if account else None,
            confirming_browser=browser,
            expires_at=now + UNVERIFIED_KEPT,
        )
        try:
            self.transactions.commit(identities.Signup(identity))
        except Conflict as conflict:
            raise LoginExpired from conflict
        self.outbox.put(messages.ProviderSignup(identity.key))

    def confirm(
        self,
        token: OneTimeToken,
        pending: Identity,
        local: Identity | None,
        presented: Credential | None,
        caller: Caller,
        now: datetime,
    ) -> LoggedIn:
        """The address is confirmed: decide again, as if the provider had verified it, and consume the link."""
        person = _proven(pending)
        decision = decide(person, known=None, local=local, account=self.account_of(local))
        consume = one_time_tokens.Consume(token.key)
        if isinstance(decision, linking.AddressReused):
            raise AddressReused
        if isinstance(decision, LinkToAccount):
            self.link(person, decision, caller, now, consume, asked_at=pending.created_at)
            opened = self._open(_identity(person, decision.user_id, now), caller, now)
            logged_in = replace(opened, identity=decision.verified_address or opened.identity)
        else:
            logged_in = self._create_account(person, (consume,), caller, now)
        self.opening.end_presented(presented, caller, now)
        return logged_in

    def _create_account(
        self, person: ProviderPerson, also: tuple[Change, ...], caller: Caller, now: datetime
    ) -> LoggedIn:
        """Create the account, its address without a password, the provider's identity and the session.

        One transaction. Overwrites an unconfirmed sign-up with the address, including its password and link.
        """
        user_id = users.new_user_id()
        stranger = _identity(person, user_id, now)
        logged_in = self.opening.begin(stranger, method=person.provider, remember=False, caller=caller, now=now)
        identity, session = logged_in.identity, logged_in.session
        address = replace(identity, key=email_key(person.email))
        user = User(
            user_id=user_id,
            email=person.email,
            name=person.name,
            created_at=now,
            updated_at=now,
            sessions={session.digest: session.expires_at},
            identities=frozenset({identity.key, address.key}),
        )
        changes = (identities.Claim(identity), identities.Claim(address), users.Open(user), sessions.Start(session))
        created = Record(user_id, "user_created", now, caller, {"provider": person.provider})
        try:
            self.transactions.commit(*changes, created, login_record(session), *also)
        except Conflict as conflict:
            # The address or the subject was confirmed concurrently: start again.
            raise (InvalidLink if conflict.concerns(one_time_tokens.Consume) else LoginExpired) from conflict
        return logged_in

    def _open(self, known: Identity, caller: Caller, now: datetime, *, instead_of: Session | None = None) -> LoggedIn:
        remember = instead_of is not None and instead_of.remembered
        logged_in = self.opening.begin(known, method=known.method, remember=remember, caller=caller, now=now)
        still_linked = identities.StillVerified(known.key, known.user_id)
        try:
            if logged_in.is_new_browser and self._open_and_remember(logged_in, instead_of):
                return logged_in
            self.opening.open(logged_in.session, still_linked, instead_of=instead_of)
        except Conflict as conflict:
            # The identity was unlinked concurrently.
            raise LoginExpired from conflict
        return logged_in

    def _open_and_remember(self, logged_in: LoggedIn, instead_of: Session | None) -> bool:
        """Open the session and remember the browser; False when the identity has changed since it was read.

        A concurrent login may have changed it. This login then continues without remembering its browser.
        """
        try:
            self.opening.open(logged_in.session, identities.Replace(logged_in.identity), instead_of=instead_of)
        except Conflict as conflict:
            if not conflict.concerns(identities.Replace):
                raise
            return False
        return True

    def _refusal(self, conflict: Conflict, add: AddIdentity) -> Exception:
        """The error for what changed concurrently."""
        if conflict.concerns(one_time_tokens.Consume):
            return InvalidLink()
        user = self.users.get(add.user_id) if conflict.concerns(AddIdentity) else None
        # Else the subject was linked or the account deleted concurrently. The next attempt reads the new state.
        return _not_added(user, add) if user is not None else LoginExpired()


class ProviderVerification(Struct, frozen=True):
    """Confirms an address that the provider had not verified: needs the emailed link and the browser that started.

    An attacker whose provider account has the owner's unverified address cannot use the owner's click: the link works
    only in the attacker's browser, and the attacker does not have the link.
    """

    tokens: OneTimeTokens
    identities: Identities
    throttles: Throttles
    linking: IdentityLinking

    def confirm(
        self, plaintext: str, browsers: tuple[str, ...], presented: Credential | None, caller: Caller, now: datetime
    ) -> LoggedIn:
        """Create or link the account and log in, ending the ``presented`` session.

        Raises InvalidLink, AddressReused or TooManyAttempts. ``browsers`` are the digests of this browser's cookies.
        """
        throttles.count_confirmation(self.throttles, caller, now)
        token = one_time_tokens.find(self.tokens, PROVIDER_VERIFICATION, plaintext, now)
        pending = self.identities.get(token.subject) if token else None
        if token is None or pending is None or pending.verified or pending.pending_token != token.digest:
            raise InvalidLink
        if pending.confirming_browser not in browsers:
            raise InvalidLink(_OTHER_BROWSER)
        local = self.identities.get(email_key(pending.email))
        if not can_be_confirmed(pending, local):
            raise InvalidLink
        return self.linking.confirm(token, pending, local, presented, caller, now)


_OTHER_BROWSER = (
    "Open this link in the browser in which you started, within the hour, or log in there again for a new one."
)


def _not_added(user: User, add: AddIdentity) -> Exception:
    if add.session is not None and add.session not in user.sessions:
        return Unauthenticated()
    if user.status != users.ACTIVE:
        return InvalidCredentials()
    if add.session is None and user.refuses(add.identity):
        return AddressReused()
    return IdentityLimitReached()


def _identity(person: ProviderPerson, user_id: str, now: datetime) -> Identity:
    return Identity(
        key=provider_key(person.provider, person.subject),
        user_id=user_id,
        email=person.email,
        name=person.name,
        created_at=now,
        updated_at=now,
        verified=True,
    )


def _proven(pending: Identity) -> ProviderPerson:
    provider, _, subject = pending.key.partition("#")
    return ProviderPerson(providers.named(provider), subject, pending.email, email_verified=True, name=pending.name)
