"""Access tokens: what a signed-in client sends with each request (RFC 9068).

Other services may check one offline, by signature and time; that is why they last a quarter of an hour and no longer.
This service also asks for the session behind ``sid``, so that here a log-out ends them at once.
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
# One algorithm, pinned on both sides: what a token's header says of it is never believed (RFC 8725 3.1).
ALGORITHM = "ES256"


class AccessToken(Struct, frozen=True):
    """What a good token says: whose, for which client, and behind which session."""

    user_id: str
    client_id: str
    session: str


class Signer(Protocol):
    """Whoever holds the signing key."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The claims as a signed token; raises Unavailable."""


class Reader(Protocol):
    """Whoever knows the public keys."""

    def read(self, text: str, now: datetime) -> AccessToken | None:
        """What a token of ours says that is good at ``now``, or None; raises Unavailable when the keys are not there.

        Whether its session has ended is not its business.
        """


def claims(issuer: str, session: Session, user: User, now: datetime) -> dict[str, Any]:
    """What a token for this client's session says (RFC 9068 2.2).

    The audience is this deployment as a whole, whichever of its resources a client named. An account exists only once
    its address has been proven, so the address is always a verified one.
    """
    issued_at = int(now.timestamp())
    return {
        "iss": issuer,
        "sub": user.user_id,
        "aud": issuer,
        "exp": issued_at + int(ACCESS_TOKEN_LIFETIME.total_seconds()),
        "iat": issued_at,
        "jti": secrets.new_token(),
        "client_id": session.client_id,
        "scope": session.scope,
        "sid": session.digest,
        "email": user.email,
        "email_verified": True,
    }
