"""Whole responses that tests compare with."""

from typing import Any

from accounts import errors

HEADERS = {
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "Authorization, X-API-KEY, Content-Type",
    "access-control-expose-headers": "Retry-After, WWW-Authenticate, X-Request-Id",
    "access-control-max-age": "7200",
}
JSON = {"content-type": "application/json; charset=utf-8"}
LOGGED_OUT = {"clear-site-data": '"cache", "storage"'}
NO_COOKIE = [
    "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
    "__Host-session-hint=; Path=/; Secure; SameSite=Lax; Max-Age=0",
]
HINT = "__Host-session-hint=1; Path=/; Secure; SameSite=Lax"
# The functions whose responses other origins may read.
READABLE = frozenset(
    {
        "account_open",
        "account_show",
        "account_export",
        "account_update",
        "account_delete",
        "workspace_show",
        "key_list",
        "key_create",
        "key_update",
        "key_rotate",
        "key_delete",
        "client_metadata",
        "client_revoke",
        "client_token",
    }
)
# The functions that accept programs, but no API keys.
_NO_KEYS = ("key_list", "key_delete")
_NO_KEY = "An API key can't do this. Log in on the website, or with a program that you allow there."
# The functions that accept access tokens.
TOKENS = frozenset({"account_open", "account_show", "workspace_show", "key_list", "key_delete"})
_CHALLENGES = frozenset(
    {"not_authenticated", "api_key_mistyped", "api_key_unknown", "api_key_expired", "api_key_replaced"}
)
_OWN_HEADERS = {
    "temporarily_unavailable": {"retry-after": "5"},
    "mail_unavailable": {"retry-after": "5"},
}


def _named(kind: type[errors.AccountsError] = errors.AccountsError) -> dict[str, type[errors.AccountsError]]:
    """Every class of the tree by its code; the base class where several share one."""
    below = (_named(child) for child in kind.__subclasses__())
    return {code: found for children in below for code, found in children.items()} | {kind.code: kind}


def answer(
    function: str,
    status: int,
    body: Any = "",
    *,
    headers: dict[str, str] | None = None,
    cookies: list[str] | None = None,
    request_id: str | None = None,
) -> dict[str, Any]:
    """The whole response of ``function`` to its sample, or to a request derived from it."""
    all_headers = {
        **HEADERS,
        **(CORS if function in READABLE else {}),
        **(JSON if body else {}),
        "x-request-id": request_id or f"sample-{function.replace('_', '-')}",
        **(headers or {}),
    }
    whole = {"statusCode": status, "headers": all_headers, "body": body}
    return whole | ({"cookies": cookies} if cookies else {})


def refusal(
    function: str, status: int, code: str, message: str | None = None, *, bearer: bool = False
) -> dict[str, Any]:
    """The whole response that refuses a request with that code. ``bearer``: the request had a bearer token."""
    usual = _NO_KEY if code == "credential_not_accepted" and function in _NO_KEYS else _named()[code].default_message
    body = {"error": code, "message": message or usual}
    headers = _challenge(function, bearer=bearer) if code in _CHALLENGES else _OWN_HEADERS.get(code, {})
    return answer(function, status, body, headers=headers)


def _challenge(function: str, *, bearer: bool) -> dict[str, str]:
    """How a 401 says that a token is wrong, and where to get one."""
    where = 'resource_metadata="https://accounts.example.com/.well-known/oauth-protected-resource"'
    said = [*(['error="invalid_token"'] if bearer else []), *([where] if function in TOKENS else [])]
    return {"www-authenticate": " ".join(["Bearer", *([", ".join(said)] if said else [])])}
