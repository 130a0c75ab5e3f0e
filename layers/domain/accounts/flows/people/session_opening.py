"""Open a session: the last step of every login."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import secrets
from accounts.errors import InvalidCredentials
from accounts.flows.people import logout
from accounts.flows.people.authentication import SESSION, Credential
from accounts.limits import SESSIONS_PER_ACCOUNT
from accounts.model import known_browsers, messages, sessions, user_agents, users
from accounts.model.audit import Caller, Record
from accounts.model.identities import Identity
from accounts.model.messages import Outbox
from accounts.model.sessions import Lengths, Method, Session, Sessions
from accounts.model.users import AddIdentity, AddSession, Approval, User, Users
from accounts.transactions import Change, Conflict, Transactions, retry_on_conflict


class LoggedIn(Struct, frozen=True):
    """A new session and its ``token`` for the cookie.

    ``identity`` includes this browser in ``known_browsers``. ``browser_token`` is for the cookie that identifies the
    browser, or empty when it has one. ``is_new_browser``: the identity did not know the browser.
    """

    identity: Identity
    token: str
    session: Session
    browser_token: str = ""
    is_new_browser: bool = False

    def __repr__(self) -> str:
        """Omits the token: it may be printed in a traceback."""
        return f"LoggedIn(user_id={self.session.user_id!r})"


class SessionOpening(Struct, frozen=True):
    """A failure of ``notes`` is ignored."""

    users: Users
    sessions: Sessions
    transactions: Transactions
    notes: Transactions
    lengths: Lengths

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
        token, session = sessions.start(
            identity.user_id, method=method, remembered=remember, lengths=self.lengths, caller=caller, now=now
        )
        browser = known_browsers.of(caller)
        remembered = known_browsers.remember(identity, browser.digest)
        known = browser.digest in identity.known_browsers
        return LoggedIn(remembered, token, session, browser.token, is_new_browser=not known)

    def open(
        self,
        session: Session,
        *also: Change,
        instead_of: Session | None = None,
        approval: Approval | None = None,
        gaining: AddIdentity | None = None,
    ) -> None:
        """Write the session, its entry on the account, and ``also``, or nothing. Usually one round trip.

        A full account drops its expired sessions, or else the one that expires first, but never the session of
        ``approval`` (ASVS 7.1.2). ``instead_of`` ends, in the same transaction if it belongs to the same account.
        ``gaining`` adds an identity to the account.

        Raises InvalidCredentials when the account is gone or disabled or ``approval`` is no longer valid, and Conflict
        when ``gaining`` or one of ``also`` is refused.
        """
        old = instead_of.digest if instead_of and instead_of.user_id == session.user_id else None
        add = users.AddSession(
            session.user_id, session.digest, session.expires_at, SESSIONS_PER_ACCOUNT, old, approval, gaining
        )
        changes = (sessions.Start(session), *also, login_record(session), *map(sessions.End, [old] if old else []))
        try:
            self.transactions.commit(add, *changes)
        except Conflict as conflict:
            if not conflict.concerns(users.AddSession):
                raise
            retry_on_conflict(lambda: self._make_room(add, session, changes), users.SwapSession)
        self.end_elsewhere(instead_of, session)

    def _make_room(self, add: AddSession, session: Session, changes: tuple[Change, ...]) -> None:
        user = users.find(self.users, session.user_id)
        if add.gaining is not None and (user is None or not add.gaining.is_accepted(user)):
            raise Conflict(add.gaining)
        if user is None or (add.approval is not None and not add.approval.is_valid(user)):
            raise InvalidCredentials
        ended = _making_room(user, session.authenticated_at, add.approval)
        swap = users.SwapSession(user.user_id, user.revision, ended, session.digest, session.expires_at, add.gaining)
        self.transactions.commit(swap, *map(sessions.End, ended), *changes)


def _making_room(user: User, now: datetime, approval: Approval | None) -> tuple[str, ...]:
    """The sessions to end: all that have expired; else, on a full account, the one that expires first.

    Never the one of ``approval``: consenting to a client must not log its owner out.
    """
    over = tuple(digest for digest, ends_at in user.sessions.items() if ends_at <= now)
    if over or len(user.sessions) < SESSIONS_PER_ACCOUNT:
        return over
    others = (digest for digest in user.sessions if approval is None or digest != approval.session)
    return (min(others, key=lambda digest: user.sessions[digest]),)


def login_record(session: Session) -> Record:
    """The audit record of a login."""
    detail = {"method": session.method, "session": session.digest}
    if session.client_id:
        detail["client"] = session.client_id
    return Record(session.user_id, "authn_login_success", session.authenticated_at, session.caller, detail)


def notify_owner(notices: Outbox, known: Identity, logged_in: LoggedIn, *, failures: int = 0) -> None:
    """Queue an email about a login that the owner may not know of (ASVS 6.3.5).

    Sent after many failures, or for a browser that ``known``, the identity before the login, did not know. Not sent for
    the first login with an identity, which knows no browser and was never secured.
    """
    if failures:
        kind: type[messages.LoginAfterFailures | messages.LoginNewBrowser] = messages.LoginAfterFailures
    elif logged_in.is_new_browser and (known.known_browsers or known.secured_at is not None):
        kind = messages.LoginNewBrowser
    else:
        return
    session = logged_in.session
    browser, source = user_agents.describe(session.caller.user_agent), session.caller.source
    notices.put(kind(session.user_id, browser, session.authenticated_at, source))
