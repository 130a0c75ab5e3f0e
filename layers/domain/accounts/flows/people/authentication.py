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
    # Few functions read access tokens or API keys; all of them import this module.
    from accounts.model.access_tokens import Reader
    from accounts.model.api_keys import ApiKey

CredentialKind = Literal["session", "api_key", "access_token", "admin_secret"]
SESSION: Final = "session"
API_KEY: Final = "api_key"
ACCESS_TOKEN: Final = "access_token"  # noqa: S105 - a kind
ADMIN_SECRET: Final = "admin_secret"  # noqa: S105 - a kind
# Where programs are accepted, too.
_ONLY_NO_KEY = "An API key can't do this. Log in on the website, or with a program that you allow there."


class Credential(Struct, frozen=True):
    """``secret`` is in plain text. ``names`` is the id of the API key that the request names, if any."""

    kind: CredentialKind
    secret: str
    names: str = ""

    def __repr__(self) -> str:
        """Omits the secret: a credential may be printed in a traceback."""
        return f"Credential(kind={self.kind!r})"


class Principal(Struct, frozen=True):
    """An authenticated caller. ``session`` is None for an API key.

    An access token has a ``scope``, and an API key that is restricted to scopes. ``expires_at`` is that of an API key,
    None when it does not expire.

    The holder of the admin secret has no account: ``user_id`` and ``credential_id`` are empty.

    ``named_key`` is the API key that the request names, read with the session. It may be another account's.
    """

    user_id: str
    kind: CredentialKind
    credential_id: str
    session: Session | None = None
    scope: str = ""
    expires_at: datetime | None = None
    named_key: ApiKey | None = None

    def may(self, scopes: Collection[str]) -> bool:
        """Whether it may do what needs one of these scopes. Only API keys are restricted: a token has an audience."""
        return self.kind != API_KEY or not self.scope or not set(scopes).isdisjoint(self.scope.split())


class Authenticator(Protocol):
    """Resolves credentials of one kind."""

    def principal(self, credential: Credential, caller: Caller, now: datetime) -> Principal:
        """The caller behind the credential; raises Unauthenticated or a subclass, TooManyAttempts, Unavailable."""


class NamingReads(Struct, frozen=True):
    """Reads sessions, and in the same round trip the API key that a request names."""

    sessions: Sessions
    with_key: Callable[[str, str], tuple[Session | None, ApiKey | None]]

    def get(self, digest: str, names: str) -> tuple[Session | None, ApiKey | None]:
        return self.with_key(digest, names) if names else (self.sessions.get(digest), None)


class SessionAuthentication(Struct, frozen=True):
    """Resolves session tokens of browsers."""

    reads: NamingReads

    def principal(self, credential: Credential, caller: Caller, now: datetime) -> Principal:  # noqa: ARG002 - see Authenticator
        session, named_key = self._read(credential, now)
        if session is None:
            raise Unauthenticated
        return Principal(session.user_id, SESSION, session.digest, session, named_key=named_key)

    def find(self, credential: Credential | None, now: datetime) -> Session | None:
        """The live session behind the credential, its activity recorded when due; None when there is none."""
        if credential is None or credential.kind != SESSION:
            return None
        return self._read(credential, now)[0]

    def _read(self, credential: Credential, now: datetime) -> tuple[Session | None, ApiKey | None]:
        session, named_key = self.reads.get(secrets.digest(credential.secret), credential.names)
        # Half of a client's refresh token in a cookie is not a browser's session (ASVS 9.2.2).
        if session is None or session.client_id or not session.is_live(now):
            return None, None
        note_activity(self.reads.sessions, session, now)
        return session, named_key


class AccessTokenAuthentication(Struct, frozen=True):
    """Resolves access tokens. Reads the client's session, so that logging a client out ends its tokens at once."""

    reads: NamingReads
    tokens: Reader

    def principal(self, credential: Credential, caller: Caller, now: datetime) -> Principal:  # noqa: ARG002 - see Authenticator
        token = self.tokens.read(credential.secret, now)
        session, named_key = self.reads.get(token.session, credential.names) if token else (None, None)
        if token is None or session is None or not session.is_live(now):
            raise Unauthenticated
        if not session.client_id or (session.client_id, session.user_id) != (token.client_id, token.user_id):
            raise Unauthenticated
        note_activity(self.reads.sessions, session, now)
        return Principal(session.user_id, ACCESS_TOKEN, session.digest, session, token.scope, named_key=named_key)


class AdminAuthentication(Struct, frozen=True):
    """Accepts the admin secret. Wrong ones count against their source."""

    is_admin_secret: Callable[[str], bool]
    throttles: Throttles

    def principal(self, credential: Credential, caller: Caller, now: datetime) -> Principal:
        if not self.is_admin_secret(credential.secret):
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
        principal = self.authenticators[credential.kind].principal(credential, caller, now)
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
