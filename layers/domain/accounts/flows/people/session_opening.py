"""Signing a person in once who they are has been proven: the last step of every way in."""

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
from accounts.model.users import Approval, User, Users
from accounts.transactions import Change, Conflict, Transactions, retry_on_conflict


class LoggedIn(Struct, frozen=True):
    """A person who has just signed in: as whom, and the ``token`` for the cookie.

    ``identity`` includes this browser among its known ones. ``browser_token`` is for the cookie by which the browser is
    recognised, or empty when it has one. ``is_new_browser``: the identity had not seen it before.
    """

    identity: Identity
    token: str
    session: Session
    browser_token: str = ""
    is_new_browser: bool = False

    def __repr__(self) -> str:
        """Without the token: it may end up in a traceback."""
        return f"LoggedIn(user_id={self.session.user_id!r})"


class SessionOpening(Struct, frozen=True):
    """Writes a new session together with whatever the story changes besides."""

    users: Users
    sessions: Sessions
    transactions: Transactions
    lengths: Lengths

    def end_presented(self, credential: Credential | None, caller: Caller, now: datetime) -> None:
        """End the session that the browser still holds, so that no token outlives a log-in (ASVS 7.2.4)."""
        if credential is None or credential.kind != SESSION:
            return
        old = self.sessions.get(secrets.digest(credential.secret))
        if old is None:
            return
        logout.end_if_there(self.transactions, old.user_id, old.digest, caller, now)

    def begin(self, identity: Identity, *, method: Method, remember: bool, caller: Caller, now: datetime) -> LoggedIn:
        """A session for the person behind ``identity``, in a browser that it will know; nothing is written yet."""
        token, session = sessions.start(
            identity.user_id, method=method, remembered=remember, lengths=self.lengths, caller=caller, now=now
        )
        fresh = "" if caller.known_browser else secrets.new_token()
        browser = caller.known_browser or secrets.digest(fresh)
        known = browser in identity.known_browsers
        return LoggedIn(known_browsers.remember(identity, browser), token, session, fresh, is_new_browser=not known)

    def open(
        self, session: Session, *also: Change, instead_of: Session | None = None, approval: Approval | None = None
    ) -> None:
        """Write the session, its entry on the account, and ``also``, or nothing. Usually one round trip.

        A full account drops its expired sessions, or else the one that expires first, but never the session of
        ``approval`` (ASVS 7.1.2). ``instead_of`` is a session of the same account to end in the same transaction.

        Raises InvalidCredentials when the account is gone or disabled or ``approval`` is no longer valid, and Conflict
        when one of ``also`` is refused.
        """
        old = instead_of.digest if instead_of else None
        hold = users.AddSession(
            session.user_id, session.digest, session.expires_at, SESSIONS_PER_ACCOUNT, old, approval
        )
        changes = (sessions.Start(session), login_record(session), *also, *map(sessions.End, [old] if old else []))
        try:
            self.transactions.commit(hold, *changes)
        except Conflict as conflict:
            if not conflict.concerns(users.AddSession):
                raise
            retry_on_conflict(lambda: self._make_room(session, changes, approval), users.SwapSession)

    def _make_room(self, session: Session, changes: tuple[Change, ...], approval: Approval | None) -> None:
        user = users.find(self.users, session.user_id)
        if user is None or (approval is not None and not approval.is_valid(user)):
            raise InvalidCredentials
        ended = _making_room(user, session.authenticated_at, approval)
        swap = users.SwapSession(user.user_id, user.revision, ended, session.digest, session.expires_at)
        self.transactions.commit(swap, *map(sessions.End, ended), *changes)


def _making_room(user: User, now: datetime, approval: Approval | None) -> tuple[str, ...]:
    """Which sessions go: all that have ended; else, of a full account, the one that would end soonest.

    Whoever lets a program in from a browser is not logged out there by it.
    """
    over = tuple(digest for digest, ends_at in user.sessions.items() if ends_at <= now)
    if over or len(user.sessions) < SESSIONS_PER_ACCOUNT:
        return over
    others = (digest for digest in user.sessions if approval is None or digest != approval.session)
    return (min(others, key=lambda digest: user.sessions[digest]),)


def login_record(session: Session) -> Record:
    """The audit record of a log-in."""
    detail = {"method": session.method, "session": session.digest}
    if session.client_id:
        detail["client"] = session.client_id
    return Record(session.user_id, "authn_login_success", session.authenticated_at, session.caller, detail)


def notify_owner(notices: Outbox, known: Identity, logged_in: LoggedIn, *, failures: int = 0) -> None:
    """Have a mail sent about a log-in that its owner may not know of (ASVS 6.3.5).

    After many failures, or from a browser that ``known``, the identity as it was before, had not seen. A way in that
    has seen none at all, and was never secured, is being used for the first time: that is no news.
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
