"""Metadata documents of clients that are not configured (draft-ietf-oauth-client-id-metadata-document, as MCP uses it).

The ``client_id`` is an https URL, and the JSON document there describes the client. No one vouches for such a client:
its name is its own claim, and the host in its id proves something only when the answer goes to that host. So an answer
goes to that host or to a program on the owner's computer, and other redirect URIs of the document are ignored.

The URL is compared as text. It is an ASCII name on port 443 without user information, query, fragment or dot segments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct, field

from accounts import text as texts
from accounts.errors import ClientDocumentRefused, ConfigurationError
from accounts.limits import (
    CLIENT_DOCUMENT_FRESH,
    CLIENT_DOCUMENT_FRESH_AT_LEAST,
    CLIENT_DOCUMENT_FRESH_AT_MOST,
    CLIENT_DOCUMENT_REMEMBERED,
    CLIENT_ID_MAX_CHARACTERS,
    CLIENT_NAME_MAX_CHARACTERS,
)
from accounts.model import origins

# Why a document cannot be used: the first part is found when it is fetched, the second when it is read.
Problem = Literal[
    "not_public", "unreachable", "slow", "redirect", "status", "too_large", "not_json",
    "malformed", "other_id", "secret", "authentication", "grant",
]  # fmt: skip
WORDS: Mapping[Problem, str] = {
    "not_public": "its address is not on the public internet",
    "unreachable": "its address does not answer",
    "slow": "its address did not answer in time",
    "redirect": "its address redirects to another one",
    "status": "its address answered with an error",
    "too_large": "it is too large",
    "not_json": "it is not a JSON object",
    "malformed": "a part of it has the wrong form",
    "other_id": "it describes another program",
    "secret": "it publishes a secret",
    "authentication": "it asks for a way to authenticate that is not supported here",
    "grant": "it does not list this kind of login",
}
AUTHORIZATION_CODE = "authorization_code"
# RFC 8628 3.4.
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
ANY_HOST, NO_HOST = "*", "off"
# The path of a redirect, and of an id that is a URL.
PATH = r"/[A-Za-z0-9._~/-]*"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A last label that starts with a letter: everything else is an address in some notation (WHATWG URL 3.5).
_HOST = rf"(?:{_LABEL}\.)+(?![0-9]){_LABEL}"
_HOST_MAX_CHARACTERS = 253


class Document(Struct, frozen=True):
    """A document as it was fetched. It is not used after ``fresh_until``, and deleted at ``expires_at``."""

    client_id: str
    text: str
    fresh_until: datetime
    expires_at: datetime


class Fetched(Struct, frozen=True):
    """The text of a document, and for how many seconds its response allows to cache it; None when it does not say."""

    text: str
    fresh_seconds: int | None = None

    def document(self, client_id: str, now: datetime) -> Document:
        """The document, fresh for as long as the response says, within bounds."""
        asked = CLIENT_DOCUMENT_FRESH
        if self.fresh_seconds is not None:
            most = int(CLIENT_DOCUMENT_FRESH_AT_MOST.total_seconds())
            asked = timedelta(seconds=min(self.fresh_seconds, most))
        fresh = max(asked, CLIENT_DOCUMENT_FRESH_AT_LEAST)
        return Document(client_id, self.text, now + fresh, now + CLIENT_DOCUMENT_REMEMBERED)


class Documents(Protocol):
    """Copies of documents."""

    def get(self, client_id: str) -> Document | None:
        """The copy, which may no longer be fresh, or None. Raises Unavailable."""

    def keep(self, document: Document) -> None:
        """Store the copy. A failure is reported and ignored."""


class Fetcher(Protocol):
    def fetch(self, url: str) -> Fetched:
        """The document at ``url``; raises ClientDocumentRefused or Unavailable."""


class Metadata(Struct, frozen=True):
    """The fields of a document that are used here (RFC 7591 2); others are ignored."""

    client_id: str
    client_name: str = ""
    redirect_uris: list[str] = field(default_factory=list)
    grant_types: list[str] = field(default_factory=lambda: [AUTHORIZATION_CODE])
    # RFC 7591's default is a shared secret, which a document cannot have.
    token_endpoint_auth_method: str = "none"  # noqa: S105 - RFC 7591's name for a method
    client_secret: Any = None
    client_secret_expires_at: Any = None

    @property
    def host(self) -> str:
        return host_of(self.client_id)

    @property
    def name(self) -> str:
        """Its claim, cut off and without invisible characters."""
        return texts.visible(self.client_name, at_most=CLIENT_NAME_MAX_CHARACTERS)

    @property
    def redirects(self) -> frozenset[str]:
        """The usable redirect URIs: of its own origin, or on loopback over http, without the port."""
        return frozenset(filter(None, (_usable(uri, self.host) for uri in self.redirect_uris)))


class Hosts(Struct, frozen=True):
    """The hosts whose clients may describe themselves. ``parents`` are domains whose subdomains may.

    Not the service's ``own`` host: the consent page would name the site itself as the one that asks.
    """

    exact: frozenset[str] = frozenset()
    parents: frozenset[str] = frozenset()
    every: bool = False
    own: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.every or self.exact or self.parents)

    def allow(self, host: str) -> bool:
        if host == self.own:
            return False
        return self.every or host in self.exact or any(host.endswith(f".{parent}") for parent in self.parents)


def hosts(setting: str, site_url: str = "") -> Hosts:
    """The hosts of a setting: ``*``, ``off``, or names such as ``claude.ai,*.example.com``.

    Raises ConfigurationError.
    """
    site = origins.parse(site_url)
    own = site.host if site else ""
    if setting in {ANY_HOST, NO_HOST}:
        return Hosts(every=setting == ANY_HOST, own=own)
    listed = {entry.strip() for entry in setting.split(",")}
    parents = frozenset(entry.removeprefix("*.") for entry in listed if entry.startswith("*."))
    exact = frozenset(entry for entry in listed if not entry.startswith("*."))
    for name in exact | parents:
        if not _is_host(name):
            message = f"ClientMetadataHosts is *, off, or host names such as claude.ai,*.example.com, but not {name}."
            raise ConfigurationError(message)
    return Hosts(exact, parents, own=own)


def host_of(client_id: str) -> str:
    """The host of an id that is a URL of this form; empty for every other id."""
    target = origins.target(client_id) if len(client_id) <= CLIENT_ID_MAX_CHARACTERS else None
    if target is None:
        return ""
    origin, path = target
    is_usable = re.fullmatch(PATH, path) and not {".", ".."} & set(path.split("/")) and _is_host(origin.host)
    return origin.host if is_usable and client_id == f"https://{origin.host}{path}" else ""


def read(document: Document) -> Metadata:
    """The document's metadata; raises ClientDocumentRefused."""
    try:
        found = msgspec.json.decode(document.text, type=Metadata)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise refused("malformed") from error
    if found.client_id != document.client_id:
        raise refused("other_id")
    if found.client_secret is not None or found.client_secret_expires_at is not None:
        raise refused("secret")
    if found.token_endpoint_auth_method != "none":  # noqa: S105 - RFC 7591's name for a method
        raise refused("authentication")
    return found


def refused(problem: Problem) -> ClientDocumentRefused:
    """The error for this problem."""
    return ClientDocumentRefused(f"{ClientDocumentRefused.default_message[:-1]}: {WORDS[problem]}.")


def _usable(uri: str, host: str) -> str | None:
    target = origins.target(uri)
    if target is None or (target[1] and not re.fullmatch(PATH, target[1])):
        return None
    origin, path = target
    if origin.is_loopback and origin.scheme == "http":
        return f"{origin.without_port}{path}"
    return uri if uri == f"https://{host}{path}" else None


def _is_host(name: str) -> bool:
    is_loopback = name.endswith(".localhost")
    return len(name) <= _HOST_MAX_CHARACTERS and re.fullmatch(_HOST, name) is not None and not is_loopback
