"""Does this request come from our own pages? (ASVS 3.5.1; OWASP Cross-Site Request Forgery Prevention.)

Browsers say so themselves, in two headers that no page can forge: ``Origin`` and ``Sec-Fetch-Site``.
"""

from __future__ import annotations

from accounts.errors import CrossSiteRequest
from accounts.web.requests import Request

_OWN = ("same-origin", None)


def is_own(request: Request, site_url: str) -> bool:
    """Whether the request is proven to come from our own origin. Saying nothing proves nothing."""
    origin, fetch_site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if origin is None:
        return fetch_site == "same-origin"
    return origin == site_url and fetch_site in _OWN


def is_foreign(request: Request, site_url: str) -> bool:
    """Whether the request says that it comes from elsewhere; then a cookie that came along counts for nothing."""
    return request.headers.get("origin", site_url) != site_url


def demand_own(request: Request, site_url: str) -> None:
    """Raises CrossSiteRequest unless the request is proven to be our own."""
    if not is_own(request, site_url):
        raise CrossSiteRequest
