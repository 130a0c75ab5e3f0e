"""Who is asking: from a credential to the account behind it, in one consistent read.

The kinds do not cross (ASVS 9.2.2): a session token is only ever looked for among browsers' sessions, an API key among
keys, and behind an access token there must be the session of the client that it was made for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from accounts import secrets
from accounts.errors import (
    ApiKeyMistyped,
    ApiKeyUnknown,
    CredentialNotAccepted,
    ReauthenticationRequired,
    Unauthenticated,
)
from accounts.limits import BAD_KEYS_PER_ADDRESS_PER_MINUTE
from accounts.model import api_keys, throttles
from accounts.model.api_keys import ApiKey, ApiKeys
from accounts.model.audit import Caller
from accounts.model.sessions import Session, Sessions
from accounts.model.throttles import Throttles

if TYPE_CHECKING:
    # Five functions read access tokens; all know the kinds.
    from accounts.model.access_tokens import Reader

CredentialKind = Literal["session", "api_key", "access_token"]
SESSION: Final = "session"
API_KEY: Final = "api_key"
ACCESS_TOKEN: Final = "access_token"  # noqa: S105 - a kind


class Credential(Struct, frozen=True):
    """What the caller presented: its ``kind`` (SESSION, API_KEY or ACCESS_TOKEN) and the ``secret`` itself."""

    kind: CredentialKind
    secret: str

    def __repr__(self) -> str:
        """Without the secret: a credential may end up in a traceback."""
        return f"Credential(kind={self.kind!r})"


class Principal(Struct, frozen=True):
    """An authenticated caller: the account, how it was proven, and the id of what proved it."""

    user_id: str
    kind: CredentialKind
    credential_id: str


class SessionAuthentication(Struct, frozen=True):
    """Accepts sessions only: what manages an account."""

    sessions: Sessions

    def session(self, credential: Credential | None, now: datetime, *, fresh: bool = False) -> Session:
        """The live session behind the credential.

        Raises Unauthenticated when there is none, CredentialNotAccepted for a key or a token (valid or not: it is not
        looked up), ReauthenticationRequired when ``fresh`` is asked for and the log-in is too long ago.
        """
        if credential is not None and credential.kind in {API_KEY, ACCESS_TOKEN}:
            raise CredentialNotAccepted
        session = self.find(credential, now)
        if session is None:
            raise Unauthenticated
        if fresh and not session.is_fresh(now):
            raise ReauthenticationRequired
        return session

    def find(self, credential: Credential | None, now: datetime) -> Session | None:
        """The live session behind the credential, with its activity written down when due; None when there is none."""
        if credential is None or credential.kind != SESSION:
            return None
        session = self.sessions.get(secrets.digest(credential.secret))
        # Half of a client's refresh token in a cookie is no browser's session (ASVS 9.2.2).
        if session is None or session.client_id or not session.is_live(now):
            return None
        if session.is_due_for_touch(now):
            self.sessions.touch(session.digest, now)
        return session


class LoginAuthentication(Struct, frozen=True):
    """Accepts what a person signed in with: a browser's session, or the access token of a client."""

    sessions: SessionAuthentication
    tokens: Reader

    def session(self, credential: Credential | None, now: datetime) -> Session:
        """The live session behind the credential, which of a client's is read here, so that a log-out ends its tokens.

        Raises Unauthenticated when there is none, CredentialNotAccepted for an API key, Unavailable.
        """
        if credential is None or credential.kind != ACCESS_TOKEN:
            return self.sessions.session(credential, now)
        token = self.tokens.read(credential.secret, now)
        session = self.sessions.sessions.get(token.session) if token else None
        if token is None or session is None or not session.is_live(now):
            raise Unauthenticated
        if not session.client_id or (session.client_id, session.user_id) != (token.client_id, token.user_id):
            raise Unauthenticated
        if session.is_due_for_touch(now):
            self.sessions.sessions.touch(session.digest, now)
        return session


class KeyLookup(Struct, frozen=True):
    """Finds API keys."""

    api_keys: ApiKeys
    throttles: Throttles

    def find(self, plaintext: str, caller: Caller | None, now: datetime) -> ApiKey | None:
        """The key that this text is, with its use written down when due; None when there is none.

        A good key costs one read. Only a well-formed key that does not exist counts against its source, after the look:
        345 random bits need no limit against guessing, and a source that goes on asking is told to stop by
        TooManyAttempts. Without a ``caller`` nothing is counted.
        """
        if not api_keys.is_well_formed(plaintext):
            return None
        key = self.api_keys.get(secrets.digest(plaintext))
        if key is None and caller is not None:
            limit, minute = BAD_KEYS_PER_ADDRESS_PER_MINUTE, timedelta(minutes=1)
            throttles.count(self.throttles, "bad-key", caller.source, limit=limit, per=minute, now=now)
        elif key is not None and key.is_due_for_touch(now):
            self.api_keys.touch(key.digest, now)
        return key


class Authentication(Struct, frozen=True):
    """Accepts every kind of credential."""

    logged_in: LoginAuthentication
    keys: KeyLookup

    def principal(self, credential: Credential | None, caller: Caller, now: datetime) -> Principal:
        """The caller behind the credential; raises Unauthenticated or one of its kinds, TooManyAttempts."""
        if credential is not None and credential.kind == API_KEY:
            if not api_keys.is_well_formed(credential.secret):
                raise ApiKeyMistyped
            key = self.keys.find(credential.secret, caller, now)
            if key is None:
                raise ApiKeyUnknown
            return Principal(key.user_id, API_KEY, key.digest)
        session = self.logged_in.session(credential, now)
        return Principal(session.user_id, ACCESS_TOKEN if session.client_id else SESSION, session.digest)
