"""The people who vouch for people: what a provider of identities says, and what it must be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, Protocol

from msgspec import Struct

ProviderName = Literal["google", "github"]
GOOGLE: Final = "google"
GITHUB: Final = "github"
NAMES: tuple[ProviderName, ...] = (GOOGLE, GITHUB)
# As people write them.
TITLES: Mapping[str, str] = {GOOGLE: "Google", GITHUB: "GitHub"}
# Why the browser is at the provider. Only the session that asked to link or reauthenticate can finish it.
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
    """Who the provider says is there.

    ``subject`` never changes and is never given to anybody else; ``email`` is canonical, or empty when there is none
    that we could use; ``email_verified`` is the provider's word for it.
    """

    provider: ProviderName
    subject: str
    email: str
    email_verified: bool
    name: str


class ClientCredentials(Struct, frozen=True):
    """What we are to a provider (RFC 6749 2.3.1)."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        """Without the secret: it may end up in a traceback."""
        return f"ClientCredentials(client_id={self.client_id!r})"


class Challenge(Struct, frozen=True):
    """What binds a request to its answer: ``verifier`` (RFC 7636) and ``nonce`` (OpenID Connect Core 3.1.2.1)."""

    verifier: str
    nonce: str

    def __repr__(self) -> str:
        """Without the secrets: it may end up in a traceback."""
        return "Challenge()"


class Provider(Protocol):
    """Google or GitHub, as configured here."""

    name: ProviderName
    issuer: str

    def authorization_url(self, state: str, challenge: Challenge) -> str:
        """Where the browser goes to say yes."""

    def person(self, code: str, challenge: Challenge, now: datetime) -> ProviderPerson:
        """Who said yes; raises ProviderUnavailable, LoginExpired for a bad code, ProviderNotTrusted."""


class Providers(Protocol):
    """The providers of this deployment."""

    def get(self, name: str) -> Provider:
        """The provider of that name; raises ProviderOff."""
