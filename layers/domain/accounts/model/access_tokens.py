"""Access tokens, which a client sends with each request (RFC 9068).

Other services verify them offline, by signature and time, so they expire after 15 minutes. This service also reads the
session ``sid``, so that here a logout takes effect at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from accounts import secrets
from accounts.limits import ACCESS_TOKEN_LIFETIME
from accounts.model.sessions import Session
from accounts.model.users import User

TYPE = "at+jwt"
# Pinned for signing and verification: the token's header is not trusted (RFC 8725 3.1).
ALGORITHM = "ES256"


class AccessToken(Struct, frozen=True):
    """The claims of a valid token."""

    user_id: str
    client_id: str
    session: str
    scope: str = ""


class Signer(Protocol):
    def sign(self, claims: Mapping[str, Any]) -> str:
        """The claims as a signed token; raises Unavailable."""


class Reader(Protocol):
    def read(self, text: str, now: datetime) -> AccessToken | None:
        """The claims of a token that is valid at ``now``, or None; raises Unavailable without the public keys.

        Does not check the session.
        """


def claims(issuer: str, session: Session, user: User, now: datetime) -> dict[str, Any]:
    """The claims of an access token (RFC 9068 2.2).

    The audience is the session's resource, or this service. An account exists only once its address
    is confirmed, so ``email_verified`` is always true. ComfyUI's frontend uses a token only for the workspace that it
    names: the account's personal one, which has the account's id. A refresh changes nothing of how the owner logged in.
    """
    from accounts.model import assurance  # noqa: PLC0415 - most functions only read tokens

    issued_at = int(now.timestamp())
    return {
        "iss": issuer,
        "sub": user.user_id,
        "aud": session.resource or issuer,
        "exp": issued_at + int(ACCESS_TOKEN_LIFETIME.total_seconds()),
        "iat": issued_at,
        "jti": secrets.new_token(),
        "client_id": session.client_id,
        "scope": session.scope,
        "sid": session.digest,
        **assurance.claims(session),
        "email": user.email,
        "email_verified": True,
        "workspace_id": user.user_id,
    }
