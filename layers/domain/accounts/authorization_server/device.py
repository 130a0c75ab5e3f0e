"""The device authorization endpoint (RFC 8628 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accounts.authorization_server.protocol import Asked, Server, requested
from accounts.flows.clients.device_authorization import DeviceAuthorization
from accounts.model.audit import Caller
from accounts.model.clients import Clients
from accounts.model.device_codes import Codes
from accounts.model.resources import Resources


class DeviceEndpoint:
    """Issues codes to devices."""

    def __init__(self, known: Clients, flow: DeviceAuthorization, resources: Resources) -> None:
        self._server = Server(known)
        self._flow = flow
        self._resources = resources

    def codes(self, form: Mapping[str, str], caller: Caller, now: datetime) -> Codes:
        """A device code and a user code; raises InvalidClient, InvalidScope, InvalidTarget, TooManyAttempts."""
        client_id = self._server.public_client(Asked(form, caller, now), "device_authorization")
        resource, scope = requested(form, self._resources)
        return self._flow.ask(client_id, resource.address, scope, caller, now)
