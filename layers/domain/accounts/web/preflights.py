"""Responses to everything without a route: CORS preflights, unknown methods and unknown paths."""

from __future__ import annotations

from accounts.errors import MethodNotAllowed, NotFound
from accounts.web import responses, routes
from accounts.web.requests import Request
from accounts.web.responses import Response


def answer(request: Request) -> Response:
    """204 for a preflight (Fetch 3.2.2); raises MethodNotAllowed for a known path, NotFound otherwise."""
    found = routes.at(request.path)
    methods = tuple(sorted({route.method for route in found}))
    if not found:
        raise NotFound
    if request.method == "OPTIONS" and any(route.cors for route in found):
        headers = {**responses.CORS_HEADERS, "access-control-allow-methods": ", ".join(methods)}
        return responses.no_content(headers=headers)
    raise MethodNotAllowed(methods)
