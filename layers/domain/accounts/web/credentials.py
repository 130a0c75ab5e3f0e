"""The credential a request presents: a header for machines, the cookie for our own pages, never a URL or a body."""

from __future__ import annotations

import re

from accounts import secrets
from accounts.errors import MalformedRequest, Unauthenticated
from accounts.flows.people.authentication import ACCESS_TOKEN, ADMIN_SECRET, API_KEY, SESSION, Credential
from accounts.limits import ACCESS_TOKEN_MAX_CHARACTERS
from accounts.model import api_keys
from accounts.web import same_origin
from accounts.web.cookies import SESSION_COOKIE
from accounts.web.requests import Request
from accounts.web.routes import Route

ADMIN_SECRET_HEADER = "x-comfy-admin-secret"  # noqa: S105 - its name
# RFC 7515 7.1: three parts. Neither a key nor a refresh token has two dots.
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def presented(request: Request, route: Route, site_url: str) -> Credential | None:
    """The one credential of the request, or None.

    On a route that can do without one, only the cookie counts. On others, a header wins over the cookie and needs no
    proof of origin. Raises Unauthenticated for a malformed header, MalformedRequest for two at once (RFC 6750 2),
    CrossSiteRequest for a cookie on an unsafe request that does not prove where it comes from.
    """
    if ADMIN_SECRET in route.credentials:
        return Credential(ADMIN_SECRET, request.headers.get(ADMIN_SECRET_HEADER, ""))
    header = None if route.optional else _from_headers(request)
    if header is not None:
        return header
    return _from_cookie(request, route, site_url) if route.cookies else None


def has_bearer(request: Request) -> bool:
    """Whether the request presents a bearer token, whatever it is worth."""
    return _bearer(request.headers.get("authorization", "")) != ""


def session_cookie(request: Request) -> Credential | None:
    """The session the browser holds, for the routes that replace or end it whatever it is worth."""
    token = request.cookie(SESSION_COOKIE)
    return Credential(SESSION, token) if token is not None and secrets.is_token(token) else None


def _from_headers(request: Request) -> Credential | None:
    authorization, key = request.headers.get("authorization"), request.headers.get("x-api-key")
    if authorization is not None and key is not None:
        message = "Send one credential: Authorization or X-API-KEY, not both."
        raise MalformedRequest(message)
    if key is not None:
        return _key(key)
    return None if authorization is None else _token_or_key(_bearer(authorization))


def _key(text: str) -> Credential:
    """Whatever stands where only a key belongs is one, or was meant for one."""
    if not text.strip():
        raise Unauthenticated
    return Credential(API_KEY, text)


def _bearer(authorization: str) -> str:
    """What follows the scheme, whose case does not matter (RFC 6750 2.1, RFC 9110 11.1); empty for another scheme."""
    scheme, _, text = authorization.partition(" ")
    return text.strip(" ") if scheme.lower() == "bearer" else ""


def _token_or_key(text: str) -> Credential:
    if text.startswith(api_keys.PREFIX):
        return Credential(API_KEY, text)
    if len(text) > ACCESS_TOKEN_MAX_CHARACTERS or not _JWT.fullmatch(text):
        raise Unauthenticated
    return Credential(ACCESS_TOKEN, text)


def _from_cookie(request: Request, route: Route, site_url: str) -> Credential | None:
    credential = session_cookie(request)
    if credential is None or same_origin.is_foreign(request, site_url):
        return None
    if route.is_unsafe:
        same_origin.demand_own(request, site_url)
    return credential
