"""Proving again who one is, with the password, for what wants a recent log-in (with a provider: oauth_sign_in)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts import users
from accounts.audit import Caller
from accounts.authentication import Credential, SessionAuthentication
from accounts.identities import Identities
from accounts.password_change import with_password
from accounts.session_opening import SignedIn
from accounts.sign_in import SignIn
from accounts.users import Users


@dataclass(frozen=True, slots=True)
class Reauthentication:
    """Exchanges a live session for a fresh one of the same person."""

    authentication: SessionAuthentication
    users: Users
    identities: Identities
    sign_in: SignIn

    def with_password(self, credential: Credential | None, password: str, caller: Caller, now: datetime) -> SignedIn:
        """A new session in place of the presented one, remembered if that was; a log-in in all respects.

        Raises InvalidCredentials, PasswordMissing, TooManyAttempts, or Unauthenticated without a live session.
        """
        session = self.authentication.session(credential, now)
        user = users.active(self.users, session.user_id)
        address = with_password(self.identities, user)
        return self.sign_in.with_password(
            address.email,
            password,
            remember=session.remembered,
            presented=None,
            caller=caller,
            now=now,
            instead_of=session,
        )
