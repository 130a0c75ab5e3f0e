"""What an identity provider says about a person, and the interface of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, Protocol

from msgspec import Struct

ProviderName = Literal["google", "github"]
GOOGLE: Final = "google"
GITHUB: Final = "github"
NAMES: tuple[ProviderName, ...] = (GOOGLE, GITHUB)
# For display.
TITLES: Mapping[str, str] = {GOOGLE: "Google", GITHUB: "GitHub"}
# What the provider is asked for. Linking and re-authentication finish only in the session that started them.
Intent = Literal["sign-in", "link", "reauthenticate"]
LOGIN: Final = "sign-in"
LINK: Final = "link"
REAUTHENTICATE: Final = "reauthenticate"


def named(text: str) -> ProviderName:
    """Raises ValueError for any other text."""
    match text:
        case "google" | "github":
            return text
    raise ValueError


class ProviderPerson(Struct, frozen=True):
    """A person as the provider describes them.

    ``subject`` never changes and is never reassigned. ``email`` is canonical, or empty when there is no usable one.
    ``email_verified`` is the provider's claim.
    """

    provider: ProviderName
    subject: str
    email: str
    email_verified: bool
    name: str


class ClientCredentials(Struct, frozen=True):
    """The service's credentials at a provider (RFC 6749 2.3.1)."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        """Omits the secret: it may be printed in a traceback."""
        return f"ClientCredentials(client_id={self.client_id!r})"


class Challenge(Struct, frozen=True):
    """Binds a response to its request: ``verifier`` (RFC 7636) and ``nonce`` (OpenID Connect Core 3.1.2.1)."""

    verifier: str
    nonce: str

    def __repr__(self) -> str:
        """Omits the secrets: it may be printed in a traceback."""
        return "Challenge()"


class Provider(Protocol):
    name: ProviderName
    issuer: str

    def authorization_url(self, state: str, challenge: Challenge) -> str:
        """The URL at which the owner approves the login."""

    def person(self, code: str, challenge: Challenge, now: datetime) -> ProviderPerson:
        """The person who logged in at the provider.

        Raises ProviderUnavailable, LoginExpired for an invalid code, or ProviderNotTrusted.
        """


class Providers(Protocol):
    def get(self, name: str) -> Provider:
        """The provider with that name; raises ProviderOff."""
