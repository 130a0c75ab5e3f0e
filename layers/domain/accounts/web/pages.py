"""The plain pages: that the service runs, and the one a confirmation link opens. No page needs a script to be read."""

from __future__ import annotations

import hashlib
import html
from pathlib import Path
from string import Template

from accounts.settings import Settings
from accounts.web import responses
from accounts.web.responses import Response

_FILES = Path(__file__).with_name("static")
_PAGES = {"/": "home.html", "/email/verify": "email_verify.html"}
_ASSETS = {"site.css": "text/css; charset=utf-8", "email_verify.js": "text/javascript; charset=utf-8"}
_CACHED = "public, max-age=300"


def at(path: str, settings: Settings) -> Response | None:
    """The page or asset at ``path``; None when there is none. Only listed names are ever opened."""
    if path in _PAGES:
        return responses.page(_rendered(_PAGES[path], settings))
    name = path.removeprefix("/assets/")
    if path.startswith("/assets/") and name in _ASSETS:
        return _asset(name)
    return None


def _rendered(name: str, settings: Settings) -> str:
    values = {
        "support_url": html.escape(settings["SUPPORT_URL"]),
        "mailbox": _mailbox(settings.optional("MAILBOX_URL")),
        "walkthrough_url": html.escape(settings["WALKTHROUGH_URL"]),
    }
    return Template((_FILES / name).read_text(encoding="utf-8")).substitute(values)


def _mailbox(url: str) -> str:
    return f'<li><a href="{html.escape(url)}">Read the mail it sends</a></li>' if url else ""


def _asset(name: str) -> Response:
    text = (_FILES / name).read_text(encoding="utf-8")
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    return Response(200, text, content_type=_ASSETS[name], headers={"cache-control": _CACHED, "etag": etag})
