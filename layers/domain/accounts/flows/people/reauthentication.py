"""Re-authenticate with the password, for steps that need a recent login (with a provider: ``provider_login``)."""

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
    users: Users
    identities: Identities
    login: Login

    def with_password(self, session: Session, password: str, caller: Caller, now: datetime) -> LoggedIn:
        """Replace ``session`` by a new one with the same "remember me"; in all other respects a login.

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
