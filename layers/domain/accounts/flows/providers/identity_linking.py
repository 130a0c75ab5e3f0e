"""Carry out the decisions of ``linking``: create accounts, link identities, and verify addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import replace
from datetime import datetime
from functools import partial

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
from accounts.flows.people.session_opening import LoggedIn, SecondFactorMissing, SessionOpening, notify_owner
from accounts.limits import IDENTITIES_PER_ACCOUNT, UNVERIFIED_KEPT
from accounts.model import identities, known_browsers, linking, messages, one_time_tokens, providers, user_agents, users
from accounts.model.audit import Caller, Record
from accounts.model.identities import Identity, email_key, provider_key
from accounts.model.linking import Decision, LinkToAccount, NewAccount, OpenAccount, decide
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import OneTimeToken
from accounts.model.providers import TITLES, ProviderPerson
from accounts.model.sessions import Session
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
        """Log in to the account that was decided on, or create or link it, ending the ``presented`` session.

        ``known`` is the subject as stored. Raises SecondFactorRequired on an account that has one.
        """
        replaced = self.opening.presented(presented)
        if isinstance(decision, OpenAccount) and known is not None:
            logged_in = self._open(known, caller, now, replaced=replaced)
            notify_owner(self.notices, known, logged_in)
            return logged_in
        if isinstance(decision, NewAccount):
            return self._create_account(person, (), replaced, caller, now)
        if isinstance(decision, LinkToAccount):
            return self._link_and_open(person, decision, replaced, caller, now)
        raise LoginExpired

    def reauthenticate(self, known: Identity, session: Session, caller: Caller, now: datetime) -> LoggedIn:
        """Replace ``session`` by a new session, for a subject that is linked to its account."""
        logged_in = self._open(known, caller, now, reauthenticating=session)
        notify_owner(self.notices, known, logged_in)
        return logged_in

    def link(self, person: ProviderPerson, decision: Decision, session: Session, caller: Caller, now: datetime) -> None:
        """Link the subject to the account, unless it is linked already.

        ``session`` is the one that asked for it: if it has ended, nothing is linked.
        """
        if not isinstance(decision, LinkToAccount):
            return
        # Remember the linking browser, so that only a login from another one triggers the new-browser email.
        linked = _identity(person, decision.user_id, now)
        identity = known_browsers.remember(linked, caller.known_browser) if caller.known_browser else linked
        add = AddIdentity(decision.user_id, identity.key, IDENTITIES_PER_ACCOUNT, session.digest)
        with self._linked(person, add, caller, now):
            self.transactions.commit(add, *_linking(identity, decision, caller, now))

    def _link_and_open(
        self,
        person: ProviderPerson,
        decision: LinkToAccount,
        replaced: Session | None,
        caller: Caller,
        now: datetime,
        *also: Change,
        asked_at: datetime | None = None,
    ) -> LoggedIn:
        """Link the subject to the account and log in, in one transaction.

        ``asked_at`` is when an emailed link was asked for: if the address has been secured since, nothing is linked.
        """
        linked = _identity(person, decision.user_id, now)
        logged_in = self.opening.begin(linked, method=person.provider, remember=False, caller=caller, now=now)
        add = AddIdentity(decision.user_id, linked.key, IDENTITIES_PER_ACCOUNT)
        changes = _linking(logged_in.identity, decision, caller, now, asked_at)
        with self._linked(person, add, caller, now):
            try:
                self.opening.open(logged_in.session, *changes, *also, instead_of=replaced, gaining=add)
            except SecondFactorMissing as missing:
                # Only the logged-in owner adds an identity to an account with a second factor.
                raise AddressReused from missing
        return logged_in

    @contextmanager
    def _linked(self, person: ProviderPerson, add: AddIdentity, caller: Caller, now: datetime) -> Iterator[None]:
        """Notify the owner of what was linked, or raise the error for what changed concurrently."""
        try:
            yield
        except Conflict as conflict:
            raise self._refusal(conflict, add) from conflict
        self.notices.put(
            messages.IdentityLinked(add.user_id, TITLES[person.provider], **user_agents.place(caller, now))
        )

    def account_of(self, local: Identity | None) -> User | None:
        """The account that has verified the address ``local``."""
        return identities.account_of(self.users, local)

    def request_confirmation(
        self, person: ProviderPerson, account: User | None, browser: str, language: str, now: datetime
    ) -> None:
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
        self.outbox.put(messages.ProviderSignup(identity.key, language))

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
        replaced = self.opening.presented(presented)
        if not isinstance(decision, LinkToAccount):
            return self._create_account(person, (consume,), replaced, caller, now)
        asked_at = pending.created_at
        opened = self._link_and_open(person, decision, replaced, caller, now, consume, asked_at=asked_at)
        return replace(opened, identity=decision.verified_address or opened.identity)

    def _create_account(
        self,
        person: ProviderPerson,
        also: tuple[Change, ...],
        replaced: Session | None,
        caller: Caller,
        now: datetime,
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
            language=caller.language,
        )
        claims = (identities.Claim(identity), identities.Claim(address))
        created = Record(user_id, "user_created", now, caller, {"provider": person.provider})
        try:
            self.opening.open_new(user, session, *claims, created, *also)
        except Conflict as conflict:
            # The address or the subject was confirmed concurrently: start again.
            raise (InvalidLink if conflict.concerns(one_time_tokens.Consume) else LoginExpired) from conflict
        self.opening.end_elsewhere(replaced, session)
        return logged_in

    def _open(
        self,
        known: Identity,
        caller: Caller,
        now: datetime,
        *,
        replaced: Session | None = None,
        reauthenticating: Session | None = None,
    ) -> LoggedIn:
        remember = reauthenticating is not None and reauthenticating.remembered
        logged_in = self.opening.begin(known, method=known.method, remember=remember, caller=caller, now=now)
        opening = partial(
            self.opening.log_in,
            logged_in,
            caller=caller,
            instead_of=reauthenticating or replaced,
            reauthenticating=reauthenticating,
        )
        try:
            if logged_in.is_new_browser and _is_remembered(opening, logged_in):
                return logged_in
            opening(identities.StillVerified(known.key, known.user_id))
        except Conflict as conflict:
            # The identity was unlinked concurrently.
            raise LoginExpired from conflict
        return logged_in

    def _refusal(self, conflict: Conflict, add: AddIdentity) -> Exception:
        """The error for what changed concurrently."""
        if conflict.concerns(one_time_tokens.Consume):
            return InvalidLink()
        user = self.users.get(add.user_id) if conflict.concerns(AddIdentity) else None
        # Else the subject was linked or the account deleted concurrently. The next attempt reads the new state.
        return _not_added(user, add) if user is not None else LoginExpired()


def _is_remembered(opening: Callable[[Change], None], logged_in: LoggedIn) -> bool:
    """Open the session and remember the browser; False when the identity has changed since it was read.

    A concurrent login may have changed it. This login then continues without remembering its browser.
    """
    try:
        opening(identities.Replace(logged_in.identity))
    except Conflict as conflict:
        if not conflict.concerns(identities.Replace):
            raise
        return False
    return True


def _not_added(user: User, add: AddIdentity) -> Exception:
    if add.session is not None and add.session not in user.sessions:
        return Unauthenticated()
    if user.status != users.ACTIVE:
        return InvalidCredentials()
    if add.session is None and user.refuses(add.identity):
        return AddressReused()
    return IdentityLimitReached()


def _linking(
    identity: Identity, decision: LinkToAccount, caller: Caller, now: datetime, asked_at: datetime | None = None
) -> tuple[Change, ...]:
    """The changes that link the identity, besides the account's own."""
    address = decision.verified_address
    reason = (identities.StillVerified(address.key, address.user_id, asked_at),) if address else ()
    record = Record(identity.user_id, "authn_identity_linked", now, caller, {"provider": identity.provider})
    return (identities.Claim(identity), record, *reason)


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
