"""Which login methods are open to an origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from accounts.model.origins import Allowlist, parse
from accounts.model.providers import NAMES, ClientCredentials

EMAIL, API_KEY = "email", "api_key"


class Methods(Struct, frozen=True):
    """``origin`` is in canonical form, or empty when it is not valid. ``names`` lists methods, the preferred first."""

    origin: str
    allowed: bool
    names: tuple[str, ...]


class LoginMethods(Struct, frozen=True):
    """``credentials`` returns the configured providers."""

    site_url: str
    allowlist: Allowlist
    credentials: Callable[[], Mapping[str, ClientCredentials]]

    def of(self, text: str) -> Methods:
        """The login methods of the origin ``text``, or of the service's site when it is empty."""
        origin = parse(text or self.site_url)
        if not self.allowlist.allows(origin):
            return Methods(str(origin or ""), allowed=False, names=(API_KEY,))
        configured = self.credentials()
        providers = (name for name in NAMES if name in configured)
        return Methods(str(origin), allowed=True, names=(EMAIL, *providers, API_KEY))
