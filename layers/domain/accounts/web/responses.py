"""Responses: the only place that sets status and headers, for successes and refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import replace
from typing import Any

from msgspec import Struct, field, json

from accounts import errors, languages
from accounts.web.cookies import no_session_cookies, pending_cookie

_STATUS: dict[type[errors.AccountsError], int] = {
    errors.InvalidInput: 400,
    errors.ClientRefused: 400,
    errors.ClientAuthentication: 401,
    errors.ProviderLoginFailed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.NotPossibleNow: 409,
    errors.BodyTooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.TooManyAttempts: 429,
    errors.Unavailable: 503,
    errors.AccountsError: 500,
}

BEARER = "Bearer"
JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
_API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# A page may run only the service's own scripts.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
# On every response, including errors (ASVS 3.4.1-3.4.8, 14.3.2).
SECURITY_HEADERS: Mapping[str, str] = {
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "content-security-policy": _API_POLICY,
}
_WITHOUT_SUBDOMAINS = {"strict-transport-security": "max-age=31536000"}
# Any origin may read responses to requests with header credentials; none may send cookies.
CORS_HEADERS: Mapping[str, str] = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "Authorization, X-API-KEY, Content-Type",
    "access-control-expose-headers": "Retry-After, WWW-Authenticate, X-Request-Id",
    "access-control-max-age": "7200",
}


class Response(Struct, frozen=True):
    """``user_id`` and ``method`` (of authentication) are for the log line, not for the caller.

    ``is_base64``: ``body`` is bytes, in the form in which API Gateway takes them.
    """

    status: int
    body: str = ""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    user_id: str = ""
    method: str = ""
    is_base64: bool = False


class Accepted(Struct):
    """What happens next. It does not depend on the outcome."""

    message: str


class Refusal(Struct):
    """``error`` is stable, for programs; ``message`` says what to do, for people."""

    error: str
    message: str


class FactorRefusal(Refusal):
    """``factors`` are those of the account: one of them finishes the login."""

    factors: list[str]


class EmailCodeRefusal(FactorRefusal):
    """``email`` is the address that the code was sent to, with most of it hidden."""

    email: str


class ProofRefusal(Refusal):
    """``challenge`` is what to solve, in the scheme of ALTCHA (version 2)."""

    challenge: Mapping[str, Any]


def ok(
    body: Struct | Sequence[Struct],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    cookies: tuple[str, ...] = (),
    user_id: str = "",
    method: str = "",
) -> Response:
    """A JSON response."""
    text = json.encode(body).decode()
    return Response(status, text, headers=headers or {}, cookies=cookies, user_id=user_id, method=method)


def download(body: Struct, filename: str, *, user_id: str) -> Response:
    """Indented JSON that a browser saves as a file. ``filename`` is not escaped: never pass user input."""
    disposition = {"content-disposition": f'attachment; filename="{filename}"'}
    text = json.format(json.encode(body), indent=2).decode()
    return Response(200, text, headers=disposition, user_id=user_id)


def accepted(message: str, *, cookies: tuple[str, ...] = (), user_id: str = "") -> Response:
    """202 with a message that does not depend on the outcome."""
    return ok(Accepted(message), status=202, cookies=cookies, user_id=user_id)


def no_content(
    *,
    cookies: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
    user_id: str = "",
    method: str = "",
) -> Response:
    return Response(204, cookies=cookies, headers=headers or {}, user_id=user_id, method=method)


def see_other(location: str, *, cookies: tuple[str, ...] = (), user_id: str = "") -> Response:
    """303, so that browsers drop method and body (RFC 9700 4.12). ``location`` is built by the service."""
    return Response(303, headers={"location": location}, cookies=cookies, user_id=user_id)


def logged_out(user_id: str, *, keep_storage: bool = False) -> Response:
    """204, and the browser deletes the session's cookies and everything that the pages stored (ASVS 7.4.1, 14.3.1).

    With ``keep_storage``, the page clears its storage itself: browsers do it at any time after the response, which
    would delete what the page saves for the next login.
    """
    cleared = '"cache"' if keep_storage else '"cache", "storage"'
    return no_content(cookies=no_session_cookies(), headers={"clear-site-data": cleared}, user_id=user_id)


def page_headers(image_origin: str = "") -> Mapping[str, str]:
    """Pages also load images from ``image_origin``, which the configuration names."""
    images = " ".join(filter(None, ("'self'", "data:", image_origin)))
    return {"content-security-policy": _PAGE_POLICY.format(images=images)}


def with_headers(response: Response, headers: Mapping[str, str]) -> Response:
    """``response`` with ``headers`` added; they override its own."""
    return replace(response, headers={**response.headers, **headers})


def bearer_challenge(*, is_invalid: bool, metadata_url: str) -> str:
    """A challenge (RFC 6750 3): ``is_invalid`` when a bearer token was presented.

    ``metadata_url`` says where clients get a token (RFC 9728 5.1); it is empty where no access token is accepted.
    """
    parameters = ['error="invalid_token"'] if is_invalid else []
    parameters += [f'resource_metadata="{metadata_url}"'] if metadata_url else []
    return f"{BEARER} {', '.join(parameters)}".rstrip()


def refused(error: errors.AccountsError, language: str = languages.DEFAULT) -> Response:
    """An error as ``{"error": code, "message": what to do}``, and what the next request needs."""
    message = languages.refusal(error.template, error.values, language)
    body = Refusal(error.code, message)
    if isinstance(error, errors.ProofRequired):
        body = ProofRefusal(error.code, message, error.challenge)
    elif isinstance(error, errors.EmailCodeRequired):
        body = EmailCodeRefusal(error.code, message, list(error.factors), error.email)
    elif isinstance(error, errors.SecondFactorRequired):
        body = FactorRefusal(error.code, message, list(error.factors))
    return ok(body, status=status_of(error), headers=headers_of(error), cookies=cookies_of(error))


def cookies_of(error: errors.AccountsError) -> tuple[str, ...]:
    """The cookie of a login that waits for its second factor, or for a code by email."""
    if not isinstance(error, errors.SecondFactorRequired):
        return ()
    return (pending_cookie(error.pending, awaits_email=isinstance(error, errors.EmailCodeRequired)),)


def status_of(error: errors.AccountsError) -> int:
    """The HTTP status of the error's nearest base class in the table."""
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def as_event(
    response: Response, *, request_id: str, cors: bool, subdomains: bool = True, head: bool = False
) -> dict[str, Any]:
    """The response in API Gateway's format (payload 2.0).

    ``subdomains``: browsers use only HTTPS for the site's subdomains, too (RFC 6797 6.1.2). ``head``: no body.
    """
    headers = {
        **SECURITY_HEADERS,
        **({} if subdomains else _WITHOUT_SUBDOMAINS),
        **(CORS_HEADERS if cors else {}),
        **({"content-type": response.content_type} if response.body else {}),
        "x-request-id": request_id,
        **response.headers,
    }
    body = "" if head else response.body
    answer: dict[str, Any] = {"statusCode": response.status, "headers": headers, "body": body}
    if body and response.is_base64:
        answer["isBase64Encoded"] = True
    if response.cookies:
        answer["cookies"] = list(response.cookies)
    return answer


# A bearer token would not help.
_UNCHALLENGED = (
    errors.InvalidCredentials,
    errors.InvalidAdminSecret,
    errors.InvalidSignature,
    errors.SecondFactorRequired,
    errors.PendingLoginExpired,
)


def headers_of(error: errors.AccountsError) -> Mapping[str, str]:
    """Headers that depend on the error: Retry-After, Allow, WWW-Authenticate."""
    match error:
        case errors.TooManyAttempts() | errors.Unavailable():
            return {"retry-after": str(error.retry_after)}
        case errors.MethodNotAllowed():
            return {"allow": ", ".join(error.allowed)}
        case errors.Unauthenticated() if not isinstance(error, _UNCHALLENGED):
            return {"www-authenticate": BEARER}
        case errors.ClientAuthentication():
            return {"www-authenticate": 'Basic realm="clients"'}
        case _:
            return {}
