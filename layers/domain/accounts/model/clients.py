"""Clients that may request consent: configured ones, and those that a document describes. There is no registration.

All are public clients (RFC 6749 2.1): a program on the owner's computer can keep no secret, so its id proves nothing.
The redirect URI, PKCE and the owner's consent protect the owner.

Redirect URIs are compared as text, except for the port of a loopback address, which a program learns only at run time
(RFC 8252 7.3; RFC 9700 2.1). ``localhost`` can resolve to another host (RFC 8252 8.3). It is allowed where it is
listed, for existing clients.

A web client that this computer serves itself is opened at any loopback origin of the allowlist: with a certificate, at
a name such as ``comfy.localhost``, or at another address. Its redirect URIs are judged by the allowlist's parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from accounts import secrets, text
from accounts.errors import ClientChanged, ConfigurationError
from accounts.limits import CLIENT_NAME_MAX_CHARACTERS
from accounts.model import client_documents, origins
from accounts.model.client_documents import NO_HOST, Document, Hosts
from accounts.model.origins import Origin

COMFY_CLI = "comfy-cli"
COMFY_LOCAL_WEB = "comfy-local-web"
_INVALID_NAME = "OAuthClients has a client with an invalid name."
_ID = r"[a-z0-9][a-z0-9-]{1,63}"


class Client(Struct, frozen=True):
    """``name`` is shown to owners. A loopback URI in ``redirects`` has no port and matches every port.

    ``loopback_paths`` are paths that match at every loopback origin, in any spelling. ``host`` is empty for a
    configured client. A client with a host is named after it; what else its document says (``claim``, its own name for
    itself, ``redirects`` and ``grants``) is known only after ``described``.
    """

    client_id: str
    name: str
    redirects: frozenset[str] = frozenset()
    loopback_paths: frozenset[str] = frozenset()
    host: str = ""
    claim: str = ""
    grants: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> str:
        """Differs when the document says something else; empty for a configured client."""
        if not self.host:
            return ""
        return secrets.digest(msgspec.json.encode([self.claim, sorted(self.redirects), sorted(self.grants)]).decode())

    def check_shown(self, fingerprint: str) -> None:
        """Raise ClientChanged unless the page showed this description of the client."""
        if fingerprint != self.fingerprint:
            raise ClientChanged

    def redirect(self, asked: str) -> str | None:
        """The redirect URI in canonical form, or None when it is not one of the client's."""
        target = origins.target(asked)
        if target is None or not target[0].is_loopback:
            return asked if asked in self.redirects else None
        origin, path = target
        if path in self.loopback_paths:
            return f"{origin}{path}"
        is_exact = asked in {f"{origin}{path}", f"{origin.with_port}{path}"}
        return asked if is_exact and f"{origin.without_port}{path}" in self.redirects else None

    def asked(self, parameters: Mapping[str, str]) -> Mapping[str, str]:
        """The parameters of a request, with the redirect URI in canonical form if it is one of the client's."""
        redirect = self.redirect(parameters.get("redirect_uri", ""))
        return {**parameters, "redirect_uri": redirect} if redirect else parameters


class Clients(Struct, frozen=True):
    """The clients of this deployment: configured ones, and those that documents on ``hosts`` describe."""

    by_id: Mapping[str, Client]
    hosts: Hosts = Hosts()

    def get(self, client_id: str) -> Client | None:
        """The client, or None. One with a document is not looked up: its redirect URIs are not known yet."""
        host = client_documents.host_of(client_id)
        if host and self.hosts.allow(host):
            return Client(client_id, host, host=host)
        return self.by_id.get(client_id)

    def name_of(self, client_id: str) -> str:
        """The client's name, which is its host when it has a document, or its id when it is no longer configured."""
        client = self.by_id.get(client_id)
        return client.name if client else client_documents.host_of(client_id) or client_id


def load(additions: str = "", hosts: str = NO_HOST, site_url: str = "") -> Clients:
    """The built-in clients and the deployment's ``additions``: ``id|name|redirect redirect;id|name|redirect``.

    Documents on ``hosts`` may describe others, but none at ``site_url``. Raises ConfigurationError.
    """
    found = {client.client_id: client for client in _BUILT_IN}
    for client in _parsed(additions):
        if client.client_id in found:
            message = f"The client {client.client_id} is there already."
            raise ConfigurationError(message)
        found[client.client_id] = client
    return Clients(found, client_documents.hosts(hosts, site_url))


def described(document: Document) -> Client:
    """The client as its document describes it; raises ClientDocumentRefused."""
    said = client_documents.read(document)
    return Client(
        said.client_id,
        said.host,
        redirects=said.redirects,
        host=said.host,
        claim=said.name,
        grants=frozenset(said.grant_types),
    )


def _parsed(additions: str) -> Iterator[Client]:
    for entry in filter(None, (part.strip() for part in additions.split(";"))):
        client_id, name, redirects = ([part.strip() for part in entry.split("|")] + ["", ""])[:3]
        listed = frozenset(redirects.split())
        if entry.count("|") != len(("id", "name")) or not re.fullmatch(_ID, client_id) or not listed:
            message = "OAuthClients reads id|name|redirect redirect;id|name|redirect."
            raise ConfigurationError(message)
        shown = text.configured(_INVALID_NAME, name, at_most=CLIENT_NAME_MAX_CHARACTERS)
        yield Client(client_id, shown, frozenset(map(_checked, listed)))


def _checked(uri: str) -> str:
    """An exact https URI, or a loopback URI without a port; in canonical form, without patterns or a query."""
    target = origins.target(uri)
    if (
        target is None
        or f"{target[0]}{target[1]}" != uri
        or not re.fullmatch(client_documents.PATH, target[1])
        or not _is_safe(target[0])
    ):
        message = "A redirect of OAuthClients is an https address, or http on loopback without a port."
        raise ConfigurationError(message)
    return uri


def _is_safe(origin: Origin) -> bool:
    if origin.is_loopback:
        return origin.scheme == "http" and str(origin) == origin.without_port
    return origin.scheme == "https" and "." in origin.host


_BUILT_IN = (
    Client(
        COMFY_CLI,
        "Comfy CLI",
        frozenset({"http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost/callback"}),
    ),
    Client(
        COMFY_LOCAL_WEB,
        "ComfyUI on this computer",
        loopback_paths=frozenset({"/"}),
    ),
)
