"""The allowlist: origins that may start a login in the browser, and where it may return to.

One parser decides and builds, for origins, return addresses and redirect URIs of clients: ``Location`` is composed of
the parsed parts, never of the input, so that a browser cannot parse it differently (RFC 9700 4.11; ASVS 3.7.2).

Allowed: loopback with any port over http and https; ``comfy.org`` and its subdomains over https; the deployment's exact
additions; and the service's own site.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, quote, urlsplit

from msgspec import Struct

from accounts.errors import ConfigurationError
from accounts.limits import URL_MAX_CHARACTERS

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
# A name or a bracketed address, and an optional port. urlsplit alone would accept ``evil.com[::1]`` as [::1].
_AUTHORITY = r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]@:%]+)(?::[0-9]+)?"
# What RFC 3986 allows in a path or query. Browsers rewrite backslashes, control characters and spaces differently.
_PATH_SAFE = r"[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*"
_COMFY_ORG = "comfy.org"


class Origin(Struct, frozen=True):
    """Scheme, host and port in canonical form (RFC 6454 4)."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return self.without_port if self.port == _DEFAULT_PORTS[self.scheme] else self.with_port

    @property
    def with_port(self) -> str:
        return f"{self.without_port}:{self.port}"

    @property
    def without_port(self) -> str:
        return f"{self.scheme}://[{self.host}]" if ":" in self.host else f"{self.scheme}://{self.host}"

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_comfy_org(self) -> bool:
        """Whether it is comfy.org or a subdomain, over https on the default port."""
        is_own = self.host == _COMFY_ORG or self.host.endswith(f".{_COMFY_ORG}")
        return is_own and self.scheme == "https" and self.port == _DEFAULT_PORTS["https"]


class Allowlist:
    def __init__(self, site_url: str, additions: Iterable[str] = ()) -> None:
        """Raises ConfigurationError for an addition that is not an https origin, or http on loopback.

        ``site_url`` is empty before a deployment, when no request is compared with it.
        """
        self._site_url = site_url
        self._exact = {_checked(text) for text in additions if text} | ({_site(site_url)} if site_url else set())

    def allows(self, origin: Origin | None) -> bool:
        return origin is not None and (origin in self._exact or origin.is_loopback or origin.is_comfy_org)

    def return_url(self, text: str) -> str | None:
        """The absolute URL for ``return_to=text``, or None when it is not allowed.

        A path such as ``/keys`` is on the service's site; an empty text is its home page.
        """
        if not text:
            return f"{self._site_url}/"
        if text.startswith("/") and not text.startswith("//"):
            text = self._site_url + text
        parts = _split(text)
        origin = _origin(parts) if parts else None
        if parts is None or not self.allows(origin) or not re.fullmatch(_PATH_SAFE, parts.path + parts.query):
            return None
        query = f"?{parts.query}" if parts.query else ""
        return f"{origin}{quote(parts.path or '/', safe='/%:@!$&()*+,;=~' + chr(39))}{query}"


def parse(text: str) -> Origin | None:
    """The origin in canonical form, or None when the text is not exactly an origin."""
    parts = _split(text)
    if parts is None or parts.path not in {"", "/"} or "?" in text:
        return None
    return _origin(parts)


def target(text: str) -> tuple[Origin, str] | None:
    """The origin and the path of a redirect URI, or None when it is not an origin with a path and nothing else."""
    parts = _split(text)
    origin = _origin(parts) if parts and "?" not in text else None
    return (origin, parts.path) if parts and origin and re.fullmatch(_PATH_SAFE, parts.path) else None


def _split(text: str) -> SplitResult | None:
    """The parts of an absolute http(s) URL; None for text that parsers could interpret differently."""
    if (
        len(text) > URL_MAX_CHARACTERS
        or not text.isascii()
        or not text.isprintable()
        or any(c in text for c in ' \\"<>#')
    ):
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in _DEFAULT_PORTS and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable and re.fullmatch(_AUTHORITY, parts.netloc) else None


def _origin(parts: SplitResult) -> Origin | None:
    host = _host(parts.hostname or "", bracketed="[" in parts.netloc)
    return Origin(parts.scheme, host, parts.port or _DEFAULT_PORTS[parts.scheme]) if host else None


def _host(text: str, *, bracketed: bool) -> str | None:
    """A host in canonical form: lowercase, without a trailing dot, addresses in standard form."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        host = text.lower().removesuffix(".")
        # Browsers parse a host whose last label starts with a digit as IPv4 in another notation (WHATWG URL 3.5).
        named = re.fullmatch(_HOST, host) and ".." not in host and not host.rpartition(".")[2][:1].isdigit()
        return host if named and not bracketed else None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _site(url: str) -> Origin:
    site = parse(url)
    if site is None or str(site) != url:
        message = f"SITE_URL is {url}, which browsers write differently."
        raise ConfigurationError(message)
    return site


def _checked(text: str) -> Origin:
    origin = parse(text)
    if origin is None or "*" in text or (origin.scheme != "https" and not origin.is_loopback):
        message = f"AllowedOrigins holds {text}, which is not an https origin such as https://app.example.com."
        raise ConfigurationError(message)
    return origin
