"""The plain pages and what they load: listed names only, nothing from elsewhere, no script inside."""

import re
from dataclasses import replace

import pytest

from accounts.errors import ConfigurationError
from accounts.web import pages
from accounts.web.responses import Response
from tests.unit.accounts.web.events import SETTINGS

_PATHS = ["/", "/email/verify"]


def page_at(path: str) -> Response:
    """The page that is there."""
    found = pages.at(path, SETTINGS)
    assert found is not None
    return found


@pytest.mark.parametrize("path", _PATHS)
def test_a_page_is_html_and_leads_to_support(path: str) -> None:
    """With every blank filled in, and text that is not ours escaped."""
    page = page_at(path)

    assert (page.status, page.content_type) == (200, "text/html; charset=utf-8")
    assert page.body.startswith("<!doctype html>")
    assert 'href="https://support.example.com/?a=1&amp;b=2"' in page.body
    assert re.findall(r"\$\w+", page.body) == []


@pytest.mark.parametrize("path", _PATHS)
def test_a_page_loads_only_what_is_there_and_ours(path: str) -> None:
    """No inline script or style, which the policy would refuse, and nothing from elsewhere (TK-07, WB-07)."""
    body = page_at(path).body
    loaded = re.findall(r'(?:src|rel="stylesheet" href)="([^"]*)"', body)

    assert [name for name in loaded if pages.at(name, SETTINGS) is None] == []
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=", body) == []


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/assets/site.css", "text/css; charset=utf-8"),
        ("/assets/email_verify.js", "text/javascript; charset=utf-8"),
    ],
)
def test_an_asset_may_be_kept_for_five_minutes(path: str, content_type: str) -> None:
    """It holds nothing of anybody's."""
    asset = page_at(path)

    assert (asset.status, asset.content_type, asset.headers["cache-control"]) == (
        200,
        content_type,
        "public, max-age=300",
    )
    assert re.fullmatch(r'"[0-9a-f]{32}"', asset.headers["etag"])


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/nothing",
        "//",
        "/email/verify/",
        "/EMAIL/VERIFY",
        "/assets/",
        "/assets/home.html",
        "/assets/nothing.css",
        "/assets/../pages.py",
        "/assets/..%2fpages.py",
        "/assets/../static/site.css",
        "/assets//site.css",
        "/assets/./site.css",
        "/assets/site.css\0",
        "/assets/%73ite.css",
        "/assets//etc/passwd",
        "/assets/C:\\windows\\win.ini",
        "assets/site.css",
        "site.css",
    ],
)
def test_nothing_else_is_ever_opened(path: str) -> None:
    """A path is compared with a list, never joined to a folder."""
    assert pages.at(path, SETTINGS) is None


def test_the_mailbox_is_linked_where_there_is_one() -> None:
    """In the local cloud; its address is escaped like any other."""
    local = replace(SETTINGS, environ={**SETTINGS.environ, "MAILBOX_URL": 'http://127.0.0.1:8025/"><script>'})
    page = pages.at("/", local)

    assert page is not None
    assert 'href="http://127.0.0.1:8025/&quot;&gt;&lt;script&gt;"' in page.body
    assert "Read the mail it sends" not in page_at("/").body


def test_a_page_without_its_settings_is_not_shown() -> None:
    """A deployment that names no support address does not serve half a page."""
    with pytest.raises(ConfigurationError):
        pages.at("/", replace(SETTINGS, environ={}))


def test_the_password_field_helps_password_managers_and_cuts_nothing_off() -> None:
    """Paste is allowed, and no ``maxlength`` silently shortens what was chosen (PW-17, PW-03)."""
    (field,) = re.findall(r"<input[^>]*>", page_at("/email/verify").body)

    assert 'type="password"' in field
    assert 'autocomplete="current-password"' in field
    assert "maxlength" not in field
    assert "onpaste" not in field
