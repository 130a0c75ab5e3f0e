"""What authlib is told of this server: its clients, its requests, and that stories do the writing.

authlib's server classes read and check the protocol, in the order that the RFCs ask for. They would write in three
steps (save the token, delete the code, ...), each in a store of its own; the promise here is one transaction. So each
grant ends in a story, and what authlib would save or generate is never called. Its answers to errors are ours, too:
one tree of refusals, each documented with its code.
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
from accounts.model import clients
from accounts.model.audit import Caller
from accounts.model.clients import Client, Clients

# Public clients: they say who they are and prove nothing (RFC 6749 2.3).
PUBLIC = ["none"]
# authlib refuses plain http; TLS ends before us, and nobody reads this address.
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
    """A client as authlib asks about it."""

    def __init__(self, client: Client) -> None:
        """Speak for ``client``."""
        self.client = client

    def get_client_id(self) -> str:
        """Its id."""
        return self.client.client_id

    def get_default_redirect_uri(self) -> None:
        """None: every request says where its answer goes."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What a request for ``scope`` gets."""
        return clients.granted(scope or "")

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether an answer may go there."""
        return self.client.takes(redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:  # noqa: ARG002
        """No: there are none."""
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002
        """Only by saying who it is."""
        return method in PUBLIC

    def check_response_type(self, response_type: str) -> bool:
        """Only codes."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:  # noqa: ARG002
        """Whatever is offered is offered to all."""
        return True


class Asked(OAuth2Request):
    """A client's request with each parameter once, from ``caller`` at the moment ``now``."""

    def __init__(self, parameters: Mapping[str, str], caller: Caller, now: datetime) -> None:
        """The parameters of a form or a query."""
        super().__init__("POST", _ADDRESS)
        self.payload = BasicOAuth2Payload(dict(parameters))
        self.caller = caller
        self.now = now

    @property
    def form(self) -> Mapping[str, str]:
        """The parameters."""
        found: Mapping[str, str] = self.payload.data
        return found


class Server(AuthorizationServer):
    """authlib's server for the clients of this deployment."""

    def __init__(self, known: Clients) -> None:
        """Know the clients; grants are registered by those who have stories for them."""
        super().__init__()
        self.known = known

    def query_client(self, client_id: str) -> PublicClient | None:
        """The client of that id."""
        client = self.known.get(client_id)
        return PublicClient(client) if client else None

    def public_client(self, request: Asked, endpoint: str) -> str:
        """The id of the client that asks at an endpoint without grants; raises InvalidClient."""
        try:
            client: PublicClient = self.authenticate_client(request, PUBLIC, endpoint)
        except OAuth2Error as error:
            raise refusal(error) from error
        return client.get_client_id()

    def send_signal(self, name: str, *_args: object, **_named: object) -> None:
        """Nobody listens."""


def refusal(error: OAuth2Error) -> ClientRefused:
    """Authlib's error as one of ours; of a malformed request it says what is missing."""
    kind = _KINDS.get(str(error.error))
    return kind() if kind else ClientRefused(str(error.description) or None)


def demand_our_resource(parameters: Mapping[str, str], issuer: str) -> None:
    """Raises InvalidTarget for a resource that is not one of this deployment's (RFC 8707 2)."""
    resource = parameters.get("resource")
    if resource is None or resource == issuer:
        return
    if not resource.startswith(f"{issuer}/") or "#" in resource:
        raise InvalidTarget
