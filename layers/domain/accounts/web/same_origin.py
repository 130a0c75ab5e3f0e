"""CSRF protection: does a request come from the service's own pages? (ASVS 3.5.1; OWASP CSRF Prevention Cheat Sheet.)

Decided by ``Origin`` and ``Sec-Fetch-Site``, two headers that browsers set and pages cannot forge.
"""

from __future__ import annotations

from accounts.errors import CrossSiteRequest
from accounts.web.requests import Request

_OWN = ("same-origin", None)


def is_own(request: Request, site_url: str) -> bool:
    """Whether the headers prove that the request comes from ``site_url``; False without them."""
    origin, fetch_site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if origin is None:
        return fetch_site == "same-origin"
    return origin == site_url and fetch_site in _OWN


def is_foreign(request: Request, site_url: str) -> bool:
    """Whether ``Origin`` names another site; then the session cookie is ignored."""
    return request.headers.get("origin", site_url) != site_url


def require_own(request: Request, site_url: str) -> None:
    """Raise CrossSiteRequest unless ``is_own``."""
    if not is_own(request, site_url):
        raise CrossSiteRequest
