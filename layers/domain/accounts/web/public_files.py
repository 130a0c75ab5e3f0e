"""Small files that programs look for at fixed paths."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from accounts.limits import ICON_KEPT, PUBLIC_METADATA_KEPT, SECURITY_CONTACT_LIFETIME
from accounts.web import responses, routes
from accounts.web.requests import Request
from accounts.web.responses import Response
from accounts.web.static_texts import StaticText

TEXT = "text/plain; charset=utf-8"
_OPENAPI = Path(__file__).with_name("static") / "openapi.json"
_FOUND = ("/$", "/login$", "/signup$", "/api-keys$", "/account$", "/assets/")
_ROBOTS = "\n".join(["User-agent: *", *(f"Allow: {path}" for path in _FOUND), "Disallow: /", ""])


def robots() -> Response:
    """Search engines may show the pages that people look for (RFC 9309)."""
    return Response(200, _ROBOTS, content_type=TEXT)


def security_contact(site_url: str, support_url: str, now: datetime) -> Response:
    """The operator's contact for reports of vulnerabilities (RFC 9116)."""
    expires = (now + SECURITY_CONTACT_LIFETIME).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    canonical = f"{site_url}{routes.SECURITY_CONTACT.path}"
    lines = (f"Contact: {support_url}", f"Expires: {expires}", f"Canonical: {canonical}", "Preferred-Languages: en")
    return Response(200, "\n".join(lines) + "\n", content_type=TEXT)


def icon(address: str) -> Response:
    """The icon of the pages, for programs that do not read their links."""
    found = responses.see_other(address)
    return responses.with_headers(found, {"cache-control": f"public, max-age={int(ICON_KEPT.total_seconds())}"})


def change_password() -> Response:
    """The page that password managers open (W3C, A Well-Known URL for Changing Passwords)."""
    return responses.see_other(f"{routes.ACCOUNT_PAGE.path}?change-password")


def openapi(request: Request) -> Response:
    """The description of every route, written by `make docs`."""
    control = f"public, max-age={int(PUBLIC_METADATA_KEPT.total_seconds())}"
    return _openapi().cached(request, {"cache-control": control})


@cache
def _openapi() -> StaticText:
    """Read once in each instance."""
    return StaticText(_OPENAPI.read_text(encoding="utf-8"), responses.JSON)
