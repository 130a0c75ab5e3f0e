"""The device authorization endpoint (RFC 8628 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accounts.authorization_server.protocol import Asked, Server, check_resource
from accounts.errors import InvalidScope
from accounts.flows.clients.device_authorization import DeviceAuthorization
from accounts.model import clients
from accounts.model.audit import Caller
from accounts.model.clients import Clients
from accounts.model.device_codes import Codes


class DeviceEndpoint:
    """Issues codes to devices. ``issuer`` is the service's origin."""

    def __init__(self, known: Clients, flow: DeviceAuthorization, issuer: str) -> None:
        self._server = Server(known)
        self._flow = flow
        self._issuer = issuer

    def codes(self, form: Mapping[str, str], caller: Caller, now: datetime) -> Codes:
        """A device code and a user code; raises InvalidClient, InvalidScope, InvalidTarget, TooManyAttempts."""
        client_id = self._server.public_client(Asked(form, caller, now), "device_authorization")
        scope = clients.granted(form.get("scope", ""))
        if scope is None:
            raise InvalidScope
        check_resource(form, self._issuer)
        return self._flow.ask(client_id, scope, caller, now)
