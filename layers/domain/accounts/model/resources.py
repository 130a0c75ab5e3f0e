"""Resource servers: services whose access tokens are issued here (RFC 8707), and what the tokens allow.

An access token has one audience: this service or one configured resource. Nothing else accepts it. A scope belongs to
the resources that list it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from accounts.errors import ConfigurationError
from accounts.limits import (
    CLIENT_NAME_MAX_CHARACTERS,
    RESOURCE_MAX_CHARACTERS,
    SCOPE_MEANING_MAX_CHARACTERS,
    SCOPES_MAX_CHARACTERS,
)

# The only scope of this service, and its meaning as shown to the owner.
SCOPE = "account"
MEANINGS: Mapping[str, tuple[str, ...]] = {
    SCOPE: ("See your name and email address", "List and delete your API keys"),
}
# The stored resource of what is for this service itself.
OWN = ""
_SCOPES = r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*"
_SCOPE = r"[A-Za-z0-9][A-Za-z0-9:._/-]*"
_FORMAT = "OAuthResources reads address|name|scope=meaning|scope=meaning;address|name|scope=meaning."


class Resource(Struct, frozen=True):
    """``address`` is its tokens' audience, and OWN for this service. ``meanings`` says what each scope allows."""

    address: str
    name: str
    meanings: Mapping[str, tuple[str, ...]]

    @property
    def is_own(self) -> bool:
        return self.address == OWN

    def limited(self, scope: str) -> str:
        """The scopes of ``scope`` that exist here, in the configured order; empty if none does."""
        asked = scope.split(" ")
        return " ".join(name for name in self.meanings if name in asked)


class Resources(Struct, frozen=True):
    """This service at ``issuer``, and the resource servers of this deployment."""

    issuer: str
    by_address: Mapping[str, Resource]

    def at(self, address: str) -> Resource | None:
        """The resource that is stored as ``address``; None when it is no longer configured."""
        return self.by_address.get(address)

    def name_of(self, address: str) -> str:
        """The name of the resource that is stored as ``address``, or its address when it is no longer configured."""
        resource = self.by_address.get(address)
        return resource.name if resource else address

    def named(self, indicator: str | None) -> Resource | None:
        """The resource of a request's ``resource`` (RFC 8707 2); None when no token for it is issued here.

        Without one, and for every address at this service's own origin, it is this service.
        """
        if indicator is None or indicator == self.issuer:
            return self.by_address[OWN]
        if indicator.startswith(f"{self.issuer}/") and "#" not in indicator:
            return self.by_address[OWN]
        address = _canonical(indicator)
        return self.by_address.get(address) if address else None

    def granted(self, resource: Resource, requested: str) -> str | None:
        """The scope to grant, or None when ``requested`` is not a valid scope (RFC 6749 3.3).

        Without a request, it is everything that the resource offers. Of this service, clients of other deployments may
        request scopes that do not exist here, which are ignored. Of another resource, every scope must be configured;
        those of other resources are left out (RFC 8707 2.1).
        """
        if requested and not re.fullmatch(_SCOPES, requested):
            return None
        if resource.is_own or not requested:
            return " ".join(resource.meanings)
        return (resource.limited(requested) or None) if self.scopes.issuperset(requested.split(" ")) else None

    def guarded(self, address: str) -> str:
        """The audience that the authorizer accepts, this service's by default; raises ConfigurationError."""
        if address not in self.by_address:
            message = f"AuthorizerAudience is {address}, which OAuthResources does not list."
            raise ConfigurationError(message)
        return self.audience(address)

    def audience(self, address: str) -> str:
        """The claim ``aud`` of tokens for the resource that is stored as ``address``."""
        return address or self.issuer

    @property
    def audiences(self) -> tuple[str, ...]:
        """Every audience, this service's first."""
        return tuple(map(self.audience, self.by_address))

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(name for resource in self.by_address.values() for name in resource.meanings)


def load(issuer: str, configured: str = "") -> Resources:
    """This service and the ``configured`` resources: ``address|name|scope=meaning|scope=meaning;address|...``.

    ``issuer`` is empty before a deployment. Raises ConfigurationError.
    """
    found = {OWN: Resource(OWN, "", MEANINGS)}
    for resource in _parsed(configured):
        if resource.address in found or (issuer and f"{resource.address}/".startswith(f"{issuer}/")):
            message = f"The resource {resource.address} is there already, or is at the site's own address."
            raise ConfigurationError(message)
        # Two services must not read a scope differently: this service's own lets an API key read the owner's account.
        if own := MEANINGS.keys() & resource.meanings:
            message = f"OAuthResources lists the scope {min(own)}, which is this service's own. Give it another name."
            raise ConfigurationError(message)
        found[resource.address] = resource
    return Resources(issuer, found)


def _parsed(configured: str) -> Iterator[Resource]:
    from accounts import text  # noqa: PLC0415 - most deployments have no other resources

    for entry in filter(None, (part.strip() for part in configured.split(";"))):
        address, name, *scopes = (part.strip() for part in f"{entry}|".split("|"))
        listed = [scope.partition("=") for scope in filter(None, scopes)]
        meanings = {
            scope.strip(): (text.configured(_FORMAT, meaning, at_most=SCOPE_MEANING_MAX_CHARACTERS),)
            for scope, _, meaning in listed
        }
        too_long = len(" ".join(meanings)) > SCOPES_MAX_CHARACTERS
        if (
            not meanings
            or len(meanings) < len(listed)
            or too_long
            or not all(re.fullmatch(_SCOPE, scope) for scope in meanings)
        ):
            raise ConfigurationError(_FORMAT)
        yield Resource(_checked(address), text.configured(_FORMAT, name, at_most=CLIENT_NAME_MAX_CHARACTERS), meanings)


def _checked(address: str) -> str:
    """An https address in canonical form, or one on loopback, without a query."""
    if _canonical(address) != address or len(address) > RESOURCE_MAX_CHARACTERS:
        message = f"OAuthResources has the address {address}. Write an https address as https://cloud.example.com/mcp."
        raise ConfigurationError(message)
    return address


def _canonical(address: str) -> str | None:
    """The address as services compare it: the host in lower case, no default port, no path instead of ``/``."""
    from accounts.model import origins  # noqa: PLC0415 - most requests name no other resource

    target = origins.target(address)
    if target is None or (target[0].scheme != "https" and not target[0].is_loopback):
        return None
    origin, path = target
    return f"{origin}{'' if path == '/' else path}"
