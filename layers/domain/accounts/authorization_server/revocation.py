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
    def __init__(self, known: Clients, flow: TokenRevocation) -> None:
        self._server = Server(known)
        self._flow = flow

    def revoke(self, form: Mapping[str, str], caller: Caller, now: datetime) -> str:
        """Revoke the token and return its account id, or an empty text; raises ClientRefused, InvalidClient."""
        client_id = self._server.public_client(Asked(form, caller, now), "revocation")
        if "token" not in form:
            raise ClientRefused
        return self._flow.revoke(form["token"], client_id, caller, now)
