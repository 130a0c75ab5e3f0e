"""The deployment's providers, created once for each set of credentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from accounts.errors import ConfigurationError, ProviderOff
from accounts.identity_providers.github import GitHub
from accounts.identity_providers.google import Google
from accounts.model.origins import parse
from accounts.model.providers import GITHUB, GOOGLE, ClientCredentials, Provider
from accounts.settings import Settings

_STAND_INS = {GOOGLE: "GOOGLE_ENDPOINT", GITHUB: "GITHUB_ENDPOINT"}


class ProviderDirectory:
    """Google and GitHub, each if it has credentials."""

    def __init__(self, settings: Settings, credentials: Callable[[], Mapping[str, ClientCredentials]]) -> None:
        """``credentials`` is called on each use. Raises ConfigurationError for a stand-in outside the local cloud."""
        self._settings = settings
        self._credentials = credentials
        self._stand_ins = {name: _stand_in(settings, variable) for name, variable in _STAND_INS.items()}
        self._made: dict[str, tuple[ClientCredentials, Provider]] = {}

    def get(self, name: str) -> Provider:
        """The provider ``name``; raises ProviderOff, or Unavailable when its credentials cannot be read."""
        credentials = self._credentials().get(name)
        if credentials is None:
            raise ProviderOff
        made = self._made.get(name)
        if made is None or made[0] != credentials:
            self._made[name] = made = (credentials, self._make(name, credentials))
        return made[1]

    def _make(self, name: str, credentials: ClientCredentials) -> Provider:
        redirect_uri = f"{self._settings.site_url}/auth/{name}/callback"
        make = Google if name == GOOGLE else GitHub
        return make(credentials, redirect_uri, self._stand_ins[name])


def _stand_in(settings: Settings, variable: str) -> str:
    """The stand-in's origin, or empty for the real provider. Allowed in the local cloud only, on loopback."""
    url = settings.optional(variable)
    origin = parse(url) if url else None
    if url and (settings.stage != "local" or origin is None or not origin.is_loopback):
        message = f"{variable} names a stand-in, which only the local cloud may have."
        raise ConfigurationError(message)
    return str(origin) if origin else ""
