"""A client exchanges a refresh token for a new pair; each token works once (RFC 9700 4.14.2).

A refresh token that is used again was copied, and the session ends. The exception is the previous token within
REFRESH_GRACE of its exchange: a client that lost the response, or has two windows, gets the same new token again, so a
slow response does not end the session. If an attacker uses the valid token first, the client's next refresh after that
time reveals it.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from accounts import secrets
from accounts.errors import GrantReused, InvalidGrant
from accounts.flows.clients.client_sessions import Tokens, active, count_bad_grant, sign, signature_window
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
    """``issuer`` is the service's origin."""

    sessions: Sessions
    users: Users
    transactions: Transactions
    throttles: Throttles
    signer: Signer
    issuer: str

    def find(self, token: str, caller: Caller, now: datetime) -> Session:
        """The live session of a refresh token, current or outdated; raises InvalidGrant, TooManyAttempts."""
        found = sessions.halves(token)
        if found is None:
            raise InvalidGrant
        session = self.sessions.get(secrets.digest(found[0]))
        if session is None or not session.client_id or not session.is_live(now):
            count_bad_grant(self.throttles, caller, now)
            raise InvalidGrant
        return session

    def exchange(self, token: str, session: Session, scope: str, caller: Caller, now: datetime) -> Tokens:
        """A new pair for the token of ``session``. Raises InvalidGrant, TooManyAttempts or GrantReused.

        ``scope`` is the access token's, which the session's contains.

        KMS signs each pair, and its rate is shared by the AWS account, so each session and account is limited (DS-02).
        Of two concurrent requests with the same token, the one that loses reads the session again, like a retry.
        """
        try:
            return self._exchange(token, session, scope, caller, now)
        except Conflict:
            return retry_on_conflict(lambda: self._exchange(token, self.find(token, caller, now), scope, caller, now))

    def _exchange(self, token: str, session: Session, scope: str, caller: Caller, now: datetime) -> Tokens:
        found_by, presented = sessions.halves(token) or ("", "")
        digest = secrets.digest(presented)
        is_late = _is_retry(session, digest, now)
        if digest != session.refresh and not is_late:
            logout.end_reused(self.transactions, session.user_id, session.digest, caller, now)
            raise GrantReused
        limit, minute = REFRESHES_PER_SESSION_PER_MINUTE, timedelta(minutes=1)
        by_session = throttles.window("refresh", session.digest, limit=limit, per=minute, now=now)
        throttles.take(self.throttles, by_session, signature_window(session.user_id, now), now=now)
        limited = replace(session, scope=scope)
        access = sign(self.signer, self.issuer, limited, active(self.users, session.user_id), now)
        salt = session.refresh_salt if is_late else secrets.new_token()
        fresh = secrets.successor(presented, salt)
        if not is_late:
            self.transactions.commit(sessions.Rotate(session, secrets.digest(fresh), salt, now))
        return Tokens(session.user_id, access, sessions.refresh_token(found_by, fresh), scope)


def _is_retry(session: Session, presented: str, now: datetime) -> bool:
    at = session.refreshed_at
    return presented == session.refresh_previous and at is not None and now - at <= REFRESH_GRACE
