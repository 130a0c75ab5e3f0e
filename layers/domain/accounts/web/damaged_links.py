"""Redirects for links to pages that were changed on their way: a slash was added, or the ``#`` was encoded."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from accounts.limits import URL_MAX_CHARACTERS
from accounts.web import responses, routes
from accounts.web.requests import Request
from accounts.web.responses import Response

_PATHS = frozenset(page.path for page in routes.PAGES if "{" not in page.path)
# Link protection of email providers encodes once or twice. What follows is as emailed links have it.
_FRAGMENT = re.compile(r"token=[A-Za-z0-9_-]+(&with=[a-z]+)?(&change=1)?(&email=[^\s&=#]+)?|user_code=[A-Za-z-]+")
_QUERY = "!$&'()*+,;=:@/?%-._~"


def mended(request: Request) -> Response | None:
    """A redirect to the page that the link meant, or None. It goes only to listed paths of this site."""
    if request.method not in {"GET", "HEAD"} or len(request.path) + len(request.raw_query) > URL_MAX_CHARACTERS:
        return None
    path, mark, fragment = unquote(unquote(request.path)).partition("#")
    meant = path.rstrip("/")
    if meant not in _PATHS or meant == request.path:
        return None
    if mark:
        written = f"#{quote(fragment, safe='&=@')}" if _FRAGMENT.fullmatch(fragment) else ""
        return responses.see_other(f"{meant}{written}")
    query = f"?{quote(request.raw_query, safe=_QUERY)}" if request.raw_query else ""
    return responses.see_other(f"{meant}{query}")
