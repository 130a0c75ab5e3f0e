"""The device authorization endpoint (RFC 8628 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accounts.authorization_server.protocol import Asked, Server, demand_our_resource
from accounts.errors import InvalidScope
from accounts.flows.clients.device_authorization import DeviceAuthorization
from accounts.model import clients
from accounts.model.audit import Caller
from accounts.model.clients import Clients
from accounts.model.device_codes import Codes


class DeviceEndpoint:
    """Answers devices that want codes. ``issuer`` is our own origin."""

    def __init__(self, known: Clients, story: DeviceAuthorization, issuer: str) -> None:
        """Make the server once: it keeps nothing of a request."""
        self._server = Server(known)
        self._story = story
        self._issuer = issuer

    def codes(self, form: Mapping[str, str], caller: Caller, now: datetime) -> Codes:
        """Two codes; raises InvalidClient, InvalidScope, InvalidTarget, TooManyAttempts."""
        client_id = self._server.public_client(Asked(form, caller, now), "device_authorization")
        scope = clients.granted(form.get("scope", ""))
        if scope is None:
            raise InvalidScope
        demand_our_resource(form, self._issuer)
        return self._story.ask(client_id, scope, caller, now)
