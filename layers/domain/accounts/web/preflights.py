"""Responses to everything without a route: CORS preflights, unknown methods and unknown paths."""

from __future__ import annotations

from accounts.errors import AccountsError, MethodNotAllowed, NotFound
from accounts.web import responses, routes
from accounts.web.requests import Request, language_of
from accounts.web.responses import Response

# For preflights of unknown paths: without one, a program at another origin cannot read the 404.
ANY_METHOD = "*"


def answer(request: Request) -> Response:
    """204 for a preflight (Fetch 3.2.2); raises MethodNotAllowed for a known path, NotFound otherwise."""
    found = routes.at(request.path)
    methods = tuple(sorted({method for route in found for method in route.methods}))
    if request.method == "OPTIONS" and any(route.cors for route in found):
        return _allowing(", ".join(methods))
    if found:
        raise MethodNotAllowed(methods, readable=any(route.cors for route in found))
    if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
        return _allowing(ANY_METHOD)
    raise NotFound


def refused(error: AccountsError, request: Request | None = None) -> Response:
    """A refusal; other origins may read what is missing, because clients look for optional documents and methods."""
    response = responses.refused(error, language_of(request))
    return responses.with_headers(response, responses.CORS_HEADERS) if _is_readable(error) else response


def _is_readable(error: AccountsError) -> bool:
    return isinstance(error, NotFound) or (isinstance(error, MethodNotAllowed) and error.readable)


def _allowing(methods: str) -> Response:
    return responses.no_content(headers={**responses.CORS_HEADERS, "access-control-allow-methods": methods})
