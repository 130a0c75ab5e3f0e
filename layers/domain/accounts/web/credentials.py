"""The credential that a request presents: a header or, from the service's own pages, the session cookie.

Never a URL parameter or a body field.
"""

from __future__ import annotations

import re
from copy import replace

from accounts import secrets
from accounts.errors import Unauthenticated
from accounts.flows.people.authentication import ACCESS_TOKEN, ADMIN_SECRET, API_KEY, SESSION, Credential
from accounts.limits import ACCESS_TOKEN_MAX_CHARACTERS
from accounts.model import api_keys
from accounts.model.api_keys import ApiKey
from accounts.web import same_origin
from accounts.web.cookies import SESSION_COOKIE, SIGN_UP_COOKIE
from accounts.web.requests import Request
from accounts.web.routes import Route

ADMIN_SECRET_HEADER = "x-comfy-admin-secret"  # noqa: S105 - its name
# RFC 7515 7.1: three parts. API keys and refresh tokens never have two dots.
_JWT = r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"


def presented(request: Request, route: Route, site_url: str) -> Credential | None:
    """The request's credential, or None.

    On an optional route, only the cookie is read. On others, a header wins over the cookie and needs no proof of
    origin; of two, ``X-API-KEY`` counts, valid or not. Raises Unauthenticated for a malformed header, and
    CrossSiteRequest for a cookie on an unsafe request without proof of origin.
    """
    if ADMIN_SECRET in route.credentials:
        return Credential(ADMIN_SECRET, request.headers.get(ADMIN_SECRET_HEADER, ""))
    found = None if route.optional else _from_headers(request)
    if found is None and route.cookies:
        found = _from_cookie(request, route, site_url)
    return _naming(found, request) if route.names_key else found


def sign_up_proof(request: Request) -> str:
    """The digest of the cookie of this browser's sign-up; empty without a valid one."""
    token = request.token_cookie(SIGN_UP_COOKIE)
    return secrets.digest(token) if token else ""


def has_bearer(request: Request) -> bool:
    """Whether the request's credential is a bearer token, valid or not."""
    return "x-api-key" not in request.headers and _bearer(request.headers.get("authorization", "")) != ""


def named_key(request: Request) -> ApiKey | None:
    """The API key that the path names, of any account, if the route reads it with the session."""
    return request.principal.named_key if request.principal else None


def session_cookie(request: Request) -> Credential | None:
    """The session in the cookie, not yet verified, for routes that replace or end it."""
    token = request.token_cookie(SESSION_COOKIE)
    return Credential(SESSION, token) if token else None


def _naming(credential: Credential | None, request: Request) -> Credential | None:
    key_id = request.path_parameters.get("id", "")
    return replace(credential, names=key_id) if credential and secrets.is_digest(key_id) else credential


def _from_headers(request: Request) -> Credential | None:
    authorization, key = request.headers.get("authorization"), request.headers.get("x-api-key")
    if key is not None:
        return _key(key)
    return None if authorization is None else _token_or_key(_bearer(authorization))


def _key(text: str) -> Credential:
    """The header ``X-API-KEY``, unchecked; raises Unauthenticated when it is blank."""
    if not text.strip():
        raise Unauthenticated
    return Credential(API_KEY, text)


def _bearer(authorization: str) -> str:
    """The token after the scheme, whose case is ignored (RFC 6750 2.1, RFC 9110 11.1); empty for another scheme."""
    scheme, _, text = authorization.partition(" ")
    return text.strip(" ") if scheme.lower() == "bearer" else ""


def _token_or_key(text: str) -> Credential:
    if text.startswith(api_keys.PREFIX):
        return Credential(API_KEY, text)
    if len(text) > ACCESS_TOKEN_MAX_CHARACTERS or not re.fullmatch(_JWT, text):
        raise Unauthenticated
    return Credential(ACCESS_TOKEN, text)


def _from_cookie(request: Request, route: Route, site_url: str) -> Credential | None:
    credential = session_cookie(request)
    if credential is None or same_origin.is_foreign(request, site_url):
        return None
    if route.is_unsafe:
        same_origin.require_own(request, site_url)
    return credential
