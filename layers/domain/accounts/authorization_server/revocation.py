"""The revocation endpoint (RFC 7009)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from authlib.oauth2.base import OAuth2Error

from accounts.audit import Caller
from accounts.authorization_server.protocol import PUBLIC, Asked, Server, refusal
from accounts.clients import Clients
from accounts.errors import ClientRefused
from accounts.token_revocation import TokenRevocation


class RevocationEndpoint:
    """Answers clients that sign out."""

    def __init__(self, known: Clients, story: TokenRevocation) -> None:
        """Make the server once: it keeps nothing of a request."""
        self._server = Server(known)
        self._story = story

    def revoke(self, form: Mapping[str, str], caller: Caller, now: datetime) -> str:
        """End what the token stands for and tell whose it was, or nothing; raises ClientRefused, InvalidClient."""
        try:
            client = self._server.authenticate_client(Asked(form, caller, now), PUBLIC, "revocation")
        except OAuth2Error as error:
            raise refusal(error) from error
        if "token" not in form:
            raise ClientRefused
        return self._story.revoke(form["token"], client.get_client_id(), caller, now)
