"""The plain pages: that the service runs, and the one a confirmation link opens. No page needs a script to be read."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable
from pathlib import Path
from string import Template

from accounts.errors import AccountsError
from accounts.settings import Settings
from accounts.web import responses
from accounts.web.responses import Response

_FILES = Path(__file__).with_name("static")
_PAGES = {"/": "home.html", "/email/verify": "email_verify.html"}
_SCRIPT = "text/javascript; charset=utf-8"
_ASSETS = {"site.css": "text/css; charset=utf-8", "email_verify.js": _SCRIPT, "home.js": _SCRIPT}
_CACHED = "public, max-age=300"


def at(path: str, settings: Settings) -> Response | None:
    """The page or asset at ``path``; None when there is none. Only listed names are ever opened."""
    if path in _PAGES:
        return responses.page(_rendered(_PAGES[path], settings))
    name = path.removeprefix("/assets/")
    if path.startswith("/assets/") and name in _ASSETS:
        return _asset(name)
    return None


def refusal(settings: Settings) -> Callable[[AccountsError], Response]:
    """How a refusal looks on a route that people see: what happened, what to do, and the other ways in."""

    def refused(error: AccountsError) -> Response:
        text = _rendered("refused.html", settings, code=html.escape(error.code), message=html.escape(error.message))
        return responses.page(text, status=responses.status_of(error), headers=responses.headers_of(error))

    return refused


def _rendered(name: str, settings: Settings, **more: str) -> str:
    values = {
        **more,
        "support_url": html.escape(settings["SUPPORT_URL"]),
        "walkthrough": _item(settings.optional("WALKTHROUGH_URL"), "From sign-up to a working API key, with curl"),
        "mailbox": _item(settings.optional("MAILBOX_URL"), "Read the mail it sends"),
    }
    return Template((_FILES / name).read_text(encoding="utf-8")).substitute(values)


def _item(url: str, text: str) -> str:
    return f'<li><a href="{html.escape(url)}">{text}</a></li>' if url else ""


def _asset(name: str) -> Response:
    text = (_FILES / name).read_text(encoding="utf-8")
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    return Response(200, text, content_type=_ASSETS[name], headers={"cache-control": _CACHED, "etag": etag})
