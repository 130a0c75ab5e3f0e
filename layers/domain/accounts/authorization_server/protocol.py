"""Adapts the service to authlib: its clients, its requests and its errors.

authlib's server classes parse and check the protocol, in the order that the RFCs require. They would write in several
steps (save the token, delete the code, ...), each to a separate store. The service commits all of it as one
transaction: each grant ends in a flow, and authlib's hooks that save or generate tokens are never called. Errors are
the service's own, too, so that each has a documented code.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from accounts.errors import (
    AccessDenied,
    AuthorizationPending,
    ClientRefused,
    ExpiredToken,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    InvalidTarget,
    SlowDown,
    UnsupportedGrantType,
    UnsupportedResponseType,
)
from accounts.model.audit import Caller
from accounts.model.clients import Client, Clients
from accounts.model.resources import Resource, Resources

# Public clients identify themselves without authentication (RFC 6749 2.3).
PUBLIC = ["none"]
# authlib refuses plain http, but TLS ends at the gateway. Nothing reads this address.
_ADDRESS = "https://gateway.invalid/"
_KINDS: Mapping[str, type[ClientRefused]] = {
    kind.code: kind
    for kind in (
        AccessDenied,
        AuthorizationPending,
        ExpiredToken,
        InvalidClient,
        InvalidGrant,
        InvalidScope,
        SlowDown,
        UnsupportedGrantType,
        UnsupportedResponseType,
    )
}


class PublicClient(ClientMixin):
    """A client behind authlib's interface."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get_client_id(self) -> str:
        return self.client.client_id

    def get_default_redirect_uri(self) -> None:
        """None: every request has to name its redirect URI."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """``scope`` unchanged: authlib does not know the resource, which ``requested`` asks."""
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return self.client.redirect(redirect_uri) == redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:  # noqa: ARG002
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002
        return method in PUBLIC

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:  # noqa: ARG002
        """Every client may use every grant."""
        return True


class Asked(OAuth2Request):
    """A client's request; ``parameters`` of a form or a query, each once."""

    def __init__(self, parameters: Mapping[str, str], caller: Caller, now: datetime) -> None:
        super().__init__("POST", _ADDRESS)
        self.payload = BasicOAuth2Payload(dict(parameters))
        self.caller = caller
        self.now = now

    @property
    def form(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.payload.data
        return found


class Server(AuthorizationServer):
    """authlib's server for the clients of this deployment."""

    def __init__(self, known: Clients) -> None:
        super().__init__()
        self.known = known

    def query_client(self, client_id: str) -> PublicClient | None:
        client = self.known.get(client_id)
        return PublicClient(client) if client else None

    def public_client(self, request: Asked, endpoint: str) -> str:
        """The client id of a request to an endpoint without grants; raises InvalidClient."""
        try:
            client: PublicClient = self.authenticate_client(request, PUBLIC, endpoint)
        except OAuth2Error as error:
            raise refusal(error) from error
        return client.get_client_id()

    def send_signal(self, name: str, *_args: object, **_named: object) -> None:
        """Nothing listens for authlib's signals."""


def refusal(error: OAuth2Error) -> ClientRefused:
    """Translate authlib's error; for a malformed request, keep its description."""
    kind = _KINDS.get(str(error.error))
    return kind() if kind else ClientRefused(str(error.description) or None)


def named_resource(parameters: Mapping[str, str], resources: Resources) -> Resource:
    """The resource that a request names; raises InvalidTarget when no token for it is issued here."""
    resource = resources.named(parameters.get("resource"))
    if resource is None:
        raise InvalidTarget
    return resource


def requested(parameters: Mapping[str, str], resources: Resources) -> tuple[Resource, str]:
    """The resource and the scope to ask the owner for; raises InvalidTarget, InvalidScope."""
    resource = named_resource(parameters, resources)
    scope = resources.granted(resource, parameters.get("scope", ""))
    if scope is None:
        raise InvalidScope
    return resource, scope
