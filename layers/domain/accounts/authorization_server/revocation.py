"""The revocation endpoint (RFC 7009)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accounts.authorization_server.protocol import Asked, Server
from accounts.errors import ClientRefused
from accounts.flows.clients.token_revocation import TokenRevocation
from accounts.model.audit import Caller
from accounts.model.clients import Clients


class RevocationEndpoint:
    """Answers clients that sign out."""

    def __init__(self, known: Clients, story: TokenRevocation) -> None:
        """Make the server once: it keeps nothing of a request."""
        self._server = Server(known)
        self._story = story

    def revoke(self, form: Mapping[str, str], caller: Caller, now: datetime) -> str:
        """End what the token stands for and tell whose it was, or nothing; raises ClientRefused, InvalidClient."""
        client_id = self._server.public_client(Asked(form, caller, now), "revocation")
        if "token" not in form:
            raise ClientRefused
        return self._story.revoke(form["token"], client_id, caller, now)
