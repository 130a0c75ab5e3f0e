"""From a credential to the account behind it, in one consistent read.

One kind of credential is never accepted as another (ASVS 9.2.2): a session token is looked up only among browsers'
sessions, an API key only among keys, and an access token needs the session of the client that it was issued to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, Protocol

from msgspec import Struct

from accounts import secrets
from accounts.errors import (
    ApiKeyInsufficientScope,
    CredentialNotAccepted,
    InvalidAdminSecret,
    SecondFactorSetupRequired,
    Unauthenticated,
)
from accounts.limits import BAD_ADMIN_SECRETS_PER_ADDRESS_PER_MINUTE
from accounts.model import throttles
from accounts.model.audit import Caller
from accounts.model.sessions import Session, Sessions, note_activity, require_fresh
from accounts.model.throttles import Throttles

if TYPE_CHECKING:
    # Few functions read access tokens; all of them import this module.
    from accounts.model.access_tokens import Reader

CredentialKind = Literal["session", "api_key", "access_token", "admin_secret"]
SESSION: Final = "session"
API_KEY: Final = "api_key"
ACCESS_TOKEN: Final = "access_token"  # noqa: S105 - a kind
ADMIN_SECRET: Final = "admin_secret"  # noqa: S105 - a kind
# Where programs are accepted, too.
_ONLY_NO_KEY = "An API key can't do this. Log in on the website, or with a program that you allow there."


class Credential(Struct, frozen=True):
    """``secret`` is in plain text."""

    kind: CredentialKind
    secret: str

    def __repr__(self) -> str:
        """Omits the secret: a credential may be printed in a traceback."""
        return f"Credential(kind={self.kind!r})"


class Principal(Struct, frozen=True):
    """An authenticated caller. ``session`` is None for an API key.

    An access token has a ``scope``, and an API key that is restricted to scopes. ``expires_at`` is that of an API key,
    None when it does not expire.

    The holder of the admin secret has no account: ``user_id`` and ``credential_id`` are empty.
    """

    user_id: str
    kind: CredentialKind
    credential_id: str
    session: Session | None = None
    scope: str = ""
    expires_at: datetime | None = None

    def may(self, scopes: Collection[str]) -> bool:
        """Whether it may do what needs one of these scopes. Only API keys are restricted: a token has an audience."""
        return self.kind != API_KEY or not self.scope or not set(scopes).isdisjoint(self.scope.split())


class Authenticator(Protocol):
    """Resolves secrets of one kind."""

    def principal(self, secret: str, caller: Caller, now: datetime) -> Principal:
        """The caller behind ``secret``; raises Unauthenticated or a subclass, TooManyAttempts, Unavailable."""


class SessionAuthentication(Struct, frozen=True):
    """Resolves session tokens of browsers."""

    sessions: Sessions

    def principal(self, secret: str, caller: Caller, now: datetime) -> Principal:  # noqa: ARG002 - see Authenticator
        session = self.find(Credential(SESSION, secret), now)
        if session is None:
            raise Unauthenticated
        return Principal(session.user_id, SESSION, session.digest, session)

    def find(self, credential: Credential | None, now: datetime) -> Session | None:
        """The live session behind the credential, its activity recorded when due; None when there is none."""
        if credential is None or credential.kind != SESSION:
            return None
        session = self.sessions.get(secrets.digest(credential.secret))
        # Half of a client's refresh token in a cookie is not a browser's session (ASVS 9.2.2).
        if session is None or session.client_id or not session.is_live(now):
            return None
        note_activity(self.sessions, session, now)
        return session


class AccessTokenAuthentication(Struct, frozen=True):
    """Resolves access tokens. Reads the client's session, so that logging a client out ends its tokens at once."""

    sessions: Sessions
    tokens: Reader

    def principal(self, secret: str, caller: Caller, now: datetime) -> Principal:  # noqa: ARG002 - see Authenticator
        token = self.tokens.read(secret, now)
        session = self.sessions.get(token.session) if token else None
        if token is None or session is None or not session.is_live(now):
            raise Unauthenticated
        if not session.client_id or (session.client_id, session.user_id) != (token.client_id, token.user_id):
            raise Unauthenticated
        note_activity(self.sessions, session, now)
        return Principal(session.user_id, ACCESS_TOKEN, session.digest, session, token.scope)


class AdminAuthentication(Struct, frozen=True):
    """Accepts the admin secret. Wrong ones count against their source."""

    is_admin_secret: Callable[[str], bool]
    throttles: Throttles

    def principal(self, secret: str, caller: Caller, now: datetime) -> Principal:
        if not self.is_admin_secret(secret):
            limit, minute = BAD_ADMIN_SECRETS_PER_ADDRESS_PER_MINUTE, timedelta(minutes=1)
            throttles.count(self.throttles, "admin", caller.source, limit=limit, per=minute, now=now)
            raise InvalidAdminSecret
        return Principal("", ADMIN_SECRET, "")


class Authentication(Struct, frozen=True):
    """Accepts the kinds of credential that it has an authenticator for, and no other."""

    authenticators: Mapping[CredentialKind, Authenticator]

    def principal(
        self,
        credential: Credential | None,
        caller: Caller,
        now: datetime,
        *,
        fresh: bool = False,
        enrolling: bool = False,
        scopes: Collection[str] = (),
    ) -> Principal:
        """The caller behind the credential.

        Raises Unauthenticated or a subclass when there is none, CredentialNotAccepted for another kind (valid or not:
        it is not looked up), ApiKeyInsufficientScope for an API key that is restricted to scopes and has none of
        ``scopes``, SecondFactorSetupRequired for a session that only sets up a second factor unless
        ``enrolling``, ReauthenticationRequired when ``fresh`` is asked for and the login is too long ago,
        TooManyAttempts, Unavailable.
        """
        if credential is None:
            raise Unauthenticated
        if credential.kind not in self.authenticators:
            raise CredentialNotAccepted(_ONLY_NO_KEY if ACCESS_TOKEN in self.authenticators else None)
        principal = self.authenticators[credential.kind].principal(credential.secret, caller, now)
        if not principal.may(scopes):
            raise ApiKeyInsufficientScope
        if principal.session is not None and principal.session.enrolling and not enrolling:
            raise SecondFactorSetupRequired
        if fresh:
            require_fresh(principal.session, now)
        return principal

    def find(
        self, credential: Credential | None, caller: Caller, now: datetime, *, enrolling: bool = False
    ) -> Principal | None:
        """The caller behind the credential, or None when it is not accepted."""
        try:
            return self.principal(credential, caller, now, enrolling=enrolling)
        except (Unauthenticated, CredentialNotAccepted):
            return None
