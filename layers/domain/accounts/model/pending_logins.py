"""Logins whose first factor was right. Only the browser with the token can finish one.

On an account without a second factor, it waits for a code by email.
"""

from __future__ import annotations

from accounts.limits import LOGIN_CODE_LIFETIME, PENDING_LOGIN_LIFETIME
from accounts.model import one_time_tokens
from accounts.model.one_time_tokens import PENDING_LOGIN, OneTimeToken, PendingLogin
from accounts.model.sessions import Session
from accounts.model.users import User


def begin(
    user: User, session: Session, identity: str, replaces: str, failures: int, *, known: bool
) -> tuple[str, OneTimeToken]:
    """The plain token, and the one to store."""
    payload = PendingLogin(
        identity=identity,
        method=session.method,
        remembered="yes" if session.remembered else "",
        replaces=replaces,
        totp=user.totp,
        streak=str(user.factor_streak),
        failures=str(failures),
        known_browser="yes" if known else "",
    )
    lifetime, now = LOGIN_CODE_LIFETIME if payload.awaits_email else PENDING_LOGIN_LIFETIME, session.authenticated_at
    return one_time_tokens.issue(PENDING_LOGIN, user.user_id, lifetime=lifetime, now=now, payload=payload)
