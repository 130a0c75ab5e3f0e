"""Every link in an email leads to a page of this site."""

import pytest

from accounts.web.routes import ROUTES
from tests.guards.project import ROOT, found

DOMAIN = ROOT / "layers" / "domain" / "accounts"
TEMPLATES = sorted((DOMAIN / "ses" / "templates").iterdir())
LINKS = found(r"\{self\.site_url\}(/[a-z-]+)", DOMAIN / "flows" / "mail" / "writing.py")
PLACES = found(r'to="(/[a-z-]+)"', *TEMPLATES)
PAGES = {route.path for route in ROUTES if route.method == "GET" and route.function == "pages"}


def test_links_are_found() -> None:
    """Otherwise the next test would check nothing."""
    assert {"/verify-email", "/reset-password"} <= LINKS
    assert {"/api-keys", "/forgot-password"} <= PLACES


@pytest.mark.parametrize("path", sorted(LINKS | PLACES))
def test_a_link_in_an_email_is_a_page(path: str) -> None:
    assert path in PAGES
