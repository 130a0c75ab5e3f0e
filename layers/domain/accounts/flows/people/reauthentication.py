"""Proving again who one is, with the password, for what wants a recent log-in (with a provider: oauth_sign_in)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.flows.people.login import Login
from accounts.flows.people.password_change import with_password
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import users
from accounts.model.audit import Caller
from accounts.model.identities import Identities
from accounts.model.sessions import Session
from accounts.model.users import Users


class Reauthentication(Struct, frozen=True):
    """Exchanges a live session for a fresh one of the same person."""

    users: Users
    identities: Identities
    login: Login

    def with_password(self, session: Session, password: str, caller: Caller, now: datetime) -> LoggedIn:
        """A new session in place of ``session``, remembered if that was; a login in all respects.

        Raises InvalidCredentials, PasswordMissing, TooManyAttempts, or Unauthenticated.
        """
        user = users.active(self.users, session.user_id)
        address = with_password(self.identities, user)
        return self.login.with_password(
            address.email,
            password,
            remember=session.remembered,
            presented=None,
            caller=caller,
            now=now,
            instead_of=session,
        )
