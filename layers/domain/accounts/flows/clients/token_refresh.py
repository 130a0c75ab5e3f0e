"""A program exchanges its refresh token for a new pair, each token once (RFC 9700 4.14.2).

A refresh token that comes again was copied, unless it is the one before the last and the exchange was a moment ago:
then a client has lost the answer on its way, or has two windows, and is given the same refresh token again. So nobody
is logged out by our own slowness, however often it strikes. One token is good at any time: whoever else has it is found
out when one of the two uses it and the other comes later than that moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from accounts import secrets
from accounts.errors import GrantReused, InvalidGrant
from accounts.flows.clients.client_sessions import Tokens, active, count_bad_grant, sign
from accounts.flows.people import logout
from accounts.limits import REFRESH_GRACE, REFRESHES_PER_SESSION_PER_MINUTE
from accounts.model import sessions, throttles
from accounts.model.access_tokens import Signer
from accounts.model.audit import Caller
from accounts.model.sessions import Session, Sessions
from accounts.model.throttles import Throttles
from accounts.model.users import Users
from accounts.transactions import Conflict, Transactions, retry_on_conflict


class TokenRefresh(Struct, frozen=True):
    """Exchanges refresh tokens. ``issuer`` is our own origin."""

    sessions: Sessions
    users: Users
    transactions: Transactions
    throttles: Throttles
    signer: Signer
    issuer: str

    def find(self, token: str, caller: Caller, now: datetime) -> Session:
        """The live session that a refresh token, old or new, belongs to; raises InvalidGrant."""
        found = sessions.halves(token)
        if found is None:
            raise InvalidGrant
        session = self.sessions.get(secrets.digest(found[0]))
        if session is None or not session.client_id or not session.is_live(now):
            count_bad_grant(self.throttles, caller, now)
            raise InvalidGrant
        return session

    def exchange(self, token: str, session: Session, caller: Caller, now: datetime) -> Tokens:
        """A new pair for the token of ``session``; raises InvalidGrant, TooManyAttempts, or GrantReused, which ends it.

        Each is signed in KMS, whose rate all people of an AWS account share, so one session has a share of it (DS-02).
        Of two that come at once with the same token, one is the first; for the other the session is read again, and
        it is then the one that comes a moment later.
        """
        try:
            return self._exchange(token, session, caller, now)
        except Conflict:
            return retry_on_conflict(lambda: self._exchange(token, self.find(token, caller, now), caller, now))

    def _exchange(self, token: str, session: Session, caller: Caller, now: datetime) -> Tokens:
        found_by, presented = sessions.halves(token) or ("", "")
        digest = secrets.digest(presented)
        is_late = _lost_the_answer(session, digest, now)
        if digest != session.refresh and not is_late:
            logout.end_copied(self.transactions, session.user_id, session.digest, caller, now)
            raise GrantReused
        limit, minute = REFRESHES_PER_SESSION_PER_MINUTE, timedelta(minutes=1)
        throttles.count(self.throttles, "refresh", session.digest, limit=limit, per=minute, now=now)
        access = sign(self.signer, self.issuer, session, active(self.users, session.user_id), now)
        salt = session.refresh_salt if is_late else secrets.new_token()
        fresh = secrets.successor(presented, salt)
        if not is_late:
            self.transactions.commit(sessions.Rotate(session, secrets.digest(fresh), salt, now))
        return Tokens(session.user_id, access, sessions.refresh_token(found_by, fresh), session.scope)


def _lost_the_answer(session: Session, presented: str, now: datetime) -> bool:
    at = session.refreshed_at
    return presented == session.refresh_previous and at is not None and now - at <= REFRESH_GRACE
