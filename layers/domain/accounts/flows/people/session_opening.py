"""Open a session: the last step of every login."""

from __future__ import annotations

from copy import replace
from datetime import datetime
from typing import Any

from msgspec import Struct

from accounts import secrets
from accounts.errors import InvalidCredentials, SecondFactorRequired
from accounts.flows.people import logout
from accounts.flows.people.authentication import SESSION, Credential
from accounts.limits import SESSIONS_PER_ACCOUNT
from accounts.model import (
    known_browsers,
    messages,
    one_time_tokens,
    pending_logins,
    second_factors,
    sessions,
    user_agents,
    users,
)
from accounts.model.audit import Caller, Record
from accounts.model.factor_proofs import Factor, FactorProof, Trust, TrustedBrowser
from accounts.model.identities import Identity
from accounts.model.known_browsers import Browser
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import OneTimeToken, PendingLogin
from accounts.model.passkeys import Remove as RemovePasskey
from accounts.model.sessions import Lengths, Method, SecondFactor, Session, Sessions
from accounts.model.users import AddIdentity, AddSession, Approval, User, Users
from accounts.transactions import Change, Conflict, Transactions, retry_on_conflict


class Opened(Struct, frozen=True, kw_only=True):
    """A new session and its ``token`` for the cookie.

    ``browser_token`` is for the cookie that identifies the browser, or empty when it has one. ``is_new_browser``: the
    identity did not know it.
    """

    token: str
    session: Session
    browser_token: str = ""
    is_new_browser: bool = False

    def __repr__(self) -> str:
        """Omits the token: it may be printed in a traceback."""
        return f"{type(self).__name__}(user_id={self.session.user_id!r})"


class LoggedIn(Opened, frozen=True, kw_only=True):
    """``identity`` includes this browser in ``known_browsers``."""

    identity: Identity


class SecondFactorMissing(InvalidCredentials):
    """The account has a second factor, which was not proven. A flow that cannot ask for it says no more than this."""

    def __init__(self, user: User) -> None:
        super().__init__()
        self.user = user


class SessionOpening(Struct, frozen=True):
    """A failure of ``notes`` and ``notices`` is ignored.

    ``notices`` is needed for logins only: new accounts and approvals do not end a reset of the second factor.

    ``requires_factor``: a login without a second factor or a passkey opens a session that only sets one up.
    """

    users: Users
    sessions: Sessions
    transactions: Transactions
    notes: Transactions
    lengths: Lengths
    requires_factor: bool = False
    notices: Outbox | None = None

    def presented(self, credential: Credential | None) -> Session | None:
        """The session that the browser presented. A login replaces it, so that no token survives it (ASVS 7.2.4).

        Read it before anything is written: this may fail.
        """
        if credential is None or credential.kind != SESSION:
            return None
        return self.sessions.get(secrets.digest(credential.secret))

    def end_elsewhere(self, old: Session | None, session: Session) -> None:
        """End ``old``, which ``session`` replaces in its browser, if it belongs to another account.

        This cannot be part of the login's transaction: the other account's owner writes to its item. So it cannot deny
        the login either, whose browser no longer has the old token.
        """
        if old is not None and old.user_id != session.user_id:
            at = session.authenticated_at
            logout.end_if_there(self.notes, old.user_id, old.digest, session.caller, at)

    def begin(self, identity: Identity, *, method: Method, remember: bool, caller: Caller, now: datetime) -> LoggedIn:
        """A session for the owner of ``identity``, and the identity with this browser as known. Writes nothing."""
        browser = known_browsers.of(caller)
        token, session = self._started(identity.user_id, method, remember, caller, now)
        return LoggedIn(
            identity=known_browsers.remember(identity, browser.digest),
            token=token,
            session=session,
            browser_token=browser.token,
            is_new_browser=browser.digest not in identity.known_browsers,
        )

    def finish(
        self, pending: OneTimeToken, browser: Browser, second_factor: SecondFactor, caller: Caller, now: datetime
    ) -> Opened:
        """The session of a pending login. Writes nothing."""
        begun = PendingLogin.of(pending)
        token, session = self._started(pending.subject, begun.method, bool(begun.remembered), caller, now)
        session, is_new = replace(session, second_factor=second_factor), not begun.known_browser
        return Opened(token=token, session=session, browser_token=browser.token, is_new_browser=is_new)

    def _started(
        self, user_id: str, method: Method, remember: bool, caller: Caller, now: datetime
    ) -> tuple[str, Session]:
        return sessions.start(user_id, method=method, remembered=remember, lengths=self.lengths, caller=caller, now=now)

    def log_in(
        self,
        logged_in: LoggedIn,
        *also: Change,
        caller: Caller,
        instead_of: Session | None,
        reauthenticating: Session | None = None,
        meanwhile: tuple[Change, ...] = (),
        failures: int = 0,
        with_factor: User | None = None,
    ) -> None:
        """Open the session, or ask for the second factor: raises SecondFactorRequired, with a pending login.

        Also raises what ``open`` raises. ``meanwhile`` is written with the pending login, ``also`` only with a session.
        A trusted browser is not asked, and a reset that is due takes effect, except when it is ``reauthenticating``.
        ``with_factor`` is the account if it is known to have a second factor: asked even if that ends concurrently.
        """
        session, resets = logged_in.session, reauthenticating is None
        proof = second_factors.trusted(caller.known_browser, session.authenticated_at) if resets else None
        try:
            if with_factor and not second_factors.has_answered(with_factor, proof, session.authenticated_at):
                raise SecondFactorMissing(with_factor)  # noqa: TRY301 - asked like any other
            self._log_in(session, *also, instead_of=instead_of, proof=proof, resets=resets)
        except SecondFactorMissing as missing:
            begun, replaces = session, reauthenticating.digest if reauthenticating else ""
            known, identity = not logged_in.is_new_browser, logged_in.identity.key
            pending, token = pending_logins.begin(missing.user, begun, identity, replaces, failures, known=known)
            self.transactions.commit(one_time_tokens.Issue(token), *meanwhile)
            raise SecondFactorRequired(pending, second_factors.factors(missing.user)) from missing

    def _log_in(
        self, session: Session, *also: Change, instead_of: Session | None, proof: TrustedBrowser | None, resets: bool
    ) -> None:
        """Where a second factor is required, trust in the browser must not hide that the account has none."""
        if not self.requires_factor:
            return self.open(session, *also, instead_of=instead_of, proof=proof, resets=resets)
        try:
            return self.open(session, *also, instead_of=instead_of, resets=resets)
        except SecondFactorMissing as missing:
            if proof is None or not second_factors.is_accepted(proof, missing.user):
                raise
        return self.open(session, *also, instead_of=instead_of, proof=proof)

    def open_new(self, user: User, session: Session, *also: Change) -> None:
        """Create the account with its first session, and write ``also``, or nothing; raises Conflict."""
        session = replace(session, enrolling=self.requires_factor)
        self.transactions.commit(users.Open(user), sessions.Start(session), *also, login_record(session))

    def open(
        self,
        session: Session,
        *also: Change,
        instead_of: Session | None = None,
        approval: Approval | None = None,
        gaining: AddIdentity | None = None,
        proof: FactorProof | None = None,
        trust: Trust | None = None,
        resets: bool = False,
    ) -> None:
        """Write the session, its entry on the account, and ``also``, or nothing. Usually one round trip.

        A full account drops its expired sessions, or else the one that expires first, but never the session of
        ``approval`` (ASVS 7.1.2). ``instead_of`` ends, in the same transaction if it belongs to the same account.
        ``gaining`` adds an identity to the account.

        All logins come through here. On an account with a second factor, the session is written only with an accepted
        ``proof``, or with the ``approval`` of a session that had one. ``trust`` is for the browser. A factor that is
        proven cancels a requested reset of the second factor. One that is due takes effect if the login ``resets``.

        Raises InvalidCredentials when the account is gone or disabled or ``approval`` is no longer valid, its subclass
        SecondFactorMissing, and Conflict when ``gaining`` or one of ``also`` is refused.
        """
        enrolling = self.requires_factor and proof is None and approval is None
        session = replace(session, enrolling=enrolling)
        old = instead_of.digest if instead_of and instead_of.user_id == session.user_id else None
        add = _added(session, instead_of=old, approval=approval, gaining=gaining, proof=proof, trust=trust)
        changes = (sessions.Start(session), *also, login_record(session), *map(sessions.End, [old] if old else []))
        try:
            self.transactions.commit(add, *changes)
        except Conflict as conflict:
            if not conflict.concerns(users.AddSession):
                raise
            # The refusal says what is stored, so that an account with a second factor is not read again.
            found = conflict.found(users.AddSession, User)
            if not (found and resets and second_factors.is_reset_due(found, session.authenticated_at)):
                _check_factor(add, found)
            retry_on_conflict(lambda: self._open_slowly(add, session, changes, resets=resets), users.SwapSession)
        self.end_elsewhere(instead_of, session)

    def _open_slowly(self, add: AddSession, session: Session, changes: tuple[Change, ...], *, resets: bool) -> None:
        """On a full account, or one whose second factor is to be reset."""
        user = users.find(self.users, session.user_id)
        if add.gaining is not None and (user is None or not add.gaining.is_accepted(user)):
            raise Conflict(add.gaining)
        if user is None or (add.approval is not None and not add.approval.is_valid(user)):
            raise InvalidCredentials
        if resets and second_factors.is_reset_due(user, session.authenticated_at):
            self._reset(add, user, session, changes)
        else:
            _check_factor(add, user)
            self._make_room(add, user, session, changes)

    def _make_room(self, add: AddSession, user: User, session: Session, changes: tuple[Change, ...]) -> None:
        now, proven = session.authenticated_at, isinstance(add.proof, Factor)
        ended = add.making_room(user, now)
        untrusted = second_factors.making_room(user, add.trust, now)
        replaced = (add.instead_of,) if add.instead_of else ()
        cancelled = second_factors.reset_cancelled(user, session.caller, now) if proven else ()
        self.transactions.commit(
            users.SwapSession(add, user.revision, (*ended, *replaced), untrusted, ends_reset=proven),
            *map(sessions.End, ended),
            *changes,
            *cancelled,
        )
        if cancelled and self.notices:
            place = user_agents.place(session.caller, now)
            self.notices.put(messages.SecondFactorResetCancelled(user.user_id, **place))

    def _reset(self, add: AddSession, user: User, session: Session, changes: tuple[Change, ...]) -> None:
        """Open the only session of an account that has no second factor and no passkeys from now on."""
        now = session.authenticated_at
        self.transactions.commit(
            second_factors.ResetSession(add, user.revision, tuple(user.sessions), now=now),
            *(sessions.End(digest) for digest in user.sessions if digest != add.instead_of),
            *(RemovePasskey(credential_id, user.user_id) for credential_id in user.passkeys),
            *changes,
            Record(user.user_id, "authn_second_factor_reset", now, session.caller),
        )
        if self.notices:
            self.notices.put(messages.SecondFactorReset(user.user_id, **user_agents.place(session.caller, now)))


def _added(session: Session, **conditions: Any) -> AddSession:  # noqa: ANN401 - fields of AddSession
    return AddSession(session.user_id, session.digest, session.expires_at, SESSIONS_PER_ACCOUNT, **conditions)


def _check_factor(add: AddSession, user: User | None) -> None:
    """Raise SecondFactorMissing if the account refused the session because of its second factor."""
    if user is not None and user.status == users.ACTIVE and not second_factors.has_passed(add, user):
        raise SecondFactorMissing(user)


def login_record(session: Session) -> Record:
    """The audit record of a login."""
    detail = {"method": session.method, "session": session.digest}
    if session.client_id:
        detail["client"] = session.client_id
    return Record(session.user_id, "authn_login_success", session.authenticated_at, session.caller, detail)


def notify_owner(notices: Outbox, known: Identity | None, logged_in: Opened, *, failures: int = 0) -> None:
    """Queue an email about a login that the owner may not know of (ASVS 6.3.5).

    Sent after many failures, or for a browser that ``known``, the identity before the login, did not know. Not sent for
    the first login with an identity, which knows no browser and was never secured.
    """
    if failures:
        kind: type[messages.LoginAfterFailures | messages.LoginNewBrowser] = messages.LoginAfterFailures
    elif known is not None and logged_in.is_new_browser and (known.known_browsers or known.secured_at is not None):
        kind = messages.LoginNewBrowser
    else:
        return
    session = logged_in.session
    browser, source = user_agents.describe(session.caller.user_agent), session.caller.source
    notices.put(kind(session.user_id, browser, session.authenticated_at, source))
