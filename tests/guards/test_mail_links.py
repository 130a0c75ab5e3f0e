"""Mails lead somewhere: every place that one names is a page of this site."""

import pytest

from accounts.web.routes import ROUTES
from tests.guards.project import ROOT, found

DOMAIN = ROOT / "layers" / "domain" / "accounts"
TEMPLATES = sorted(path for path in (DOMAIN / "ses" / "templates").rglob("*") if path.is_file())
LINKS = found(r"\{self\.site_url\}(/[a-z-]+)", DOMAIN / "flows" / "mail" / "writing.py")
PLACES = found(r'(?:place\("|\{\{ site_url \}\})(/[a-z-]+)', *TEMPLATES)
PAGES = {route.path for route in ROUTES if route.method == "GET" and route.function == "pages"}


def test_some_are_found() -> None:
    """Or the next test would be about nothing."""
    assert {"/verify-email", "/reset-password"} <= LINKS
    assert {"/api-keys", "/forgot-password"} <= PLACES


@pytest.mark.parametrize("path", sorted(LINKS | PLACES))
def test_a_place_in_a_mail_is_a_page(path: str) -> None:
    """A GET that shows something to whoever clicks."""
    assert path in PAGES
