"""Strict reading of requests: anything ambiguous is refused.

Python's JSON parser keeps the last of two equal names, and the gateway joins repeated headers with commas. Attackers
use both to show one value to a check and another to the code behind it (ASVS 15.3.7), so repetition is an error.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from copy import replace
from datetime import datetime
from types import UnionType
from typing import TYPE_CHECKING, Any, NoReturn, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from accounts import languages, secrets
from accounts.errors import BodyTooLarge, Forbidden, InvalidInput, MalformedRequest, UnsupportedMediaType
from accounts.limits import BODY_MAX_BYTES, PROOF_MAX_CHARACTERS, URL_MAX_CHARACTERS, USER_AGENT_KEPT_CHARACTERS
from accounts.model import throttles
from accounts.model.audit import Caller
from accounts.web.cookies import BROWSER_COOKIE, LANGUAGE_COOKIE

if TYPE_CHECKING:
    from accounts.flows.people.authentication import Principal
    from accounts.model.sessions import Session
    from accounts.web.routes import Route

Event = Mapping[str, Any]
# Set by CloudFront, if it is in front of the API; it overwrites what the client sent.
FIREWALL_SECRET_HEADER = "x-firewall-secret"  # noqa: S105 - its name
VIEWER_HEADER = "cloudfront-viewer-address"
PROOF_HEADER = "x-proof-of-work"
_TYPE_WORDS = {str: "text", bool: "true or false", int: "a whole number", list: "a list of texts"}
_JSON_TYPE, _FORM_TYPE = "application/json", "application/x-www-form-urlencoded"
_UTF_8 = ("", "charset=utf-8", 'charset="utf-8"', "charset=utf8")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


class Request(Struct, frozen=True):
    """One HTTP request. ``received_at`` is the only clock that flows use.

    The endpoint sets ``route``, and ``principal`` for a route that accepts credentials.
    """

    id: str
    method: str
    path: str
    headers: Mapping[str, str]
    cookies: Sequence[tuple[str, str]]
    path_parameters: Mapping[str, str]
    raw_query: str
    body: str | None
    body_is_base64: bool
    caller: Caller
    received_at: datetime
    route: Route | None = None
    principal: Principal | None = None

    @property
    def user_id(self) -> str:
        """The authenticated account; raises LookupError on a route without credentials."""
        if self.principal is None:
            raise LookupError(self.path)
        return self.principal.user_id

    @property
    def credential_kind(self) -> str:
        """The kind of the presented credential; empty without one."""
        return self.principal.kind if self.principal else ""

    @property
    def session(self) -> Session:
        """The authenticated session; raises LookupError on a route that does not require one."""
        if self.principal is None or self.principal.session is None:
            raise LookupError(self.path)
        return self.principal.session

    @property
    def optional_session(self) -> Session | None:
        """The authenticated session, if any, on a route where it is optional."""
        return self.principal.session if self.principal else None

    def json[T: msgspec.Struct](self, schema: type[T]) -> T:
        """The body as ``schema``; raises BodyTooLarge, UnsupportedMediaType, MalformedRequest or InvalidInput."""
        return _convert(_parsed(self.raw_json()), schema)

    def raw_json(self, at_most: int = BODY_MAX_BYTES) -> bytes:
        """The bytes of a body that is declared as JSON; raises BodyTooLarge, UnsupportedMediaType, MalformedRequest."""
        raw = self._raw_body(at_most)
        if not _is_content(_JSON_TYPE, self.headers.get("content-type", "")):
            raise UnsupportedMediaType
        return raw

    def form(self) -> Mapping[str, str]:
        """The parameters of a form; raises BodyTooLarge, UnsupportedMediaType, or MalformedRequest for a repeated one.

        A parameter without a value is omitted (RFC 6749 3.2).
        """
        raw = self._raw_body()
        if not _is_content(_FORM_TYPE, self.headers.get("content-type", "")):
            raise UnsupportedMediaType
        try:
            parameters = _parameters(raw.decode())
        except UnicodeDecodeError as error:
            raise MalformedRequest from error
        return {name: value for name, value in parameters.items() if value}

    def query(self) -> Mapping[str, str]:
        """The query parameters; raises MalformedRequest for a repeated one, or too many characters."""
        if len(self.raw_query) > URL_MAX_CHARACTERS:
            message = f"The query has more than {URL_MAX_CHARACTERS} characters."
            raise MalformedRequest(message)
        # This also refuses lone surrogates, which fail only when they are encoded.
        if not self.raw_query.isprintable():
            raise MalformedRequest
        return _parameters(self.raw_query)

    def token_cookie(self, name: str) -> str:
        """The token in the cookie; empty without a valid one; raises MalformedRequest when it is repeated."""
        token = self.cookie(name) or ""
        return token if secrets.is_token(token) else ""

    def cookie(self, name: str) -> str | None:
        """The value of the cookie ``name``; raises MalformedRequest when it is repeated."""
        values = [value for cookie, value in self.cookies if cookie == name]
        if len(values) > 1:
            message = f"The cookie {name} came more than once. Clear this site's cookies and try again."
            raise MalformedRequest(message)
        return values[0] if values else None

    def _raw_body(self, at_most: int = BODY_MAX_BYTES) -> bytes:
        body = self.body or ""
        # A cheap check before decoding: base64 turns three bytes into four characters.
        if len(body) > at_most * (2 if self.body_is_base64 else 1):
            raise _too_large(at_most)
        try:
            raw = base64.b64decode(body, validate=True) if self.body_is_base64 else body.encode()
        except ValueError as error:
            raise MalformedRequest from error
        if len(raw) > at_most:
            raise _too_large(at_most)
        return raw


def _too_large(at_most: int) -> BodyTooLarge:
    return BodyTooLarge(f"The request is too large. The limit is {at_most // 1024} KiB.")


def read(event: Event, now: datetime) -> Request:
    """Parse an API Gateway event (HTTP API, payload 2.0), as AWS, SAM CLI and local emulators send it."""
    context = event.get("requestContext") or {}
    http = context.get("http") or {}
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    cookies = _cookies(event, headers)
    return Request(
        id=str(context.get("requestId") or "unknown"),
        method=str(http.get("method") or ""),
        path=str(event.get("rawPath") or ""),
        headers=headers,
        cookies=cookies,
        path_parameters=event.get("pathParameters") or {},
        raw_query=str(event.get("rawQueryString") or ""),
        body=event.get("body"),
        body_is_base64=bool(event.get("isBase64Encoded")),
        caller=_caller(http, headers, cookies),
        received_at=now,
    )


def through_firewall(request: Request, digests: str) -> Request:
    """The request with the viewer's address from CloudFront; raises Forbidden for one that bypassed CloudFront.

    ``digests`` are the comma-separated hashes of the secrets by which CloudFront identifies itself. If empty, there is
    no CloudFront, and the request is returned unchanged. Otherwise the gateway's source address is one of CloudFront's,
    which many people share, so it is replaced (ASVS 4.1.3).
    """
    if not digests:
        return request
    shown = request.headers.get(FIREWALL_SECRET_HEADER, "")
    if not shown.isascii() or secrets.digest(shown) not in digests.split(","):
        message = "This service answers only at its own address. Use the address of the site."
        raise Forbidden(message)
    address, _, _port = request.headers.get(VIEWER_HEADER, "").rpartition(":")
    address = address.strip("[]")
    return replace(request, caller=replace(request.caller, source=throttles.source(address), address=address))


def _caller(http: Mapping[str, Any], headers: Mapping[str, str], cookies: Sequence[tuple[str, str]]) -> Caller:
    """The address is the gateway's ``sourceIp``: clients can write X-Forwarded-For (ASVS 4.1.3)."""
    agent = _agent(headers.get("user-agent", ""))
    address = str(http.get("sourceIp") or "")
    proof = headers.get(PROOF_HEADER, "")[:PROOF_MAX_CHARACTERS]
    language = _language(headers, cookies)
    return Caller(throttles.source(address), agent, _known_browser(cookies), proof, language, address)


def _language(headers: Mapping[str, str], cookies: Sequence[tuple[str, str]]) -> str:
    """The language that the person has chosen on a page, or that their browser prefers."""
    chosen = next((value for name, value in cookies if name == LANGUAGE_COOKIE), "")
    return languages.named(chosen) or languages.preferred(headers.get("accept-language", ""))


def language_of(request: Request | None) -> str:
    """The language that the person reads; the default for a request that was not read."""
    return request.caller.language if request else languages.DEFAULT


def named_caller(source: str, user_agent: str) -> Caller:
    """The caller of another service, as that service names it; empty when it does not."""
    return Caller(throttles.source(source) if source else "", _agent(user_agent), address=source)


def _agent(text: str) -> str:
    return _UNPRINTABLE.sub("?", text)[:USER_AGENT_KEPT_CHARACTERS]


def _known_browser(cookies: Sequence[tuple[str, str]]) -> str:
    """The digest of the browser's token; empty without a valid one."""
    tokens = [value for name, value in cookies if name == BROWSER_COOKIE]
    return secrets.digest(tokens[0]) if len(tokens) == 1 and secrets.is_token(tokens[0]) else ""


def _cookies(event: Event, headers: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """Cookies from ``cookies`` (HTTP APIs) or from the header (emulators) (RFC 6265 4.2.1)."""
    lines = event.get("cookies") or headers.get("cookie", "").split(";")
    pairs = (line.strip().partition("=") for line in lines)
    return [(name, value) for name, equals, value in pairs if equals]


def _is_content(kind: str, content_type: str) -> bool:
    """Whether the header names this type, in UTF-8 and without other parameters (RFC 9110 8.3)."""
    named, *parameters = (part.strip() for part in content_type.lower().split(";"))
    return named == kind and all(parameter in _UTF_8 for parameter in parameters)


def _parameters(encoded: str) -> dict[str, str]:
    """The parameters of a form or query, as browsers read it (WHATWG URL 5.1): ``a&b`` has two empty values.

    Raises MalformedRequest for a repeated one.
    """
    try:
        return _once(parse_qsl(encoded, keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError as error:
        raise MalformedRequest from error


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(raw.decode(), object_pairs_hook=_once, parse_constant=_refuse_constant)
        # An escaped lone surrogate cannot be encoded: refuse it here, before a store fails on it.
        json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise MalformedRequest from error
    if not isinstance(parsed, dict):
        raise MalformedRequest
    return parsed


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "A name came more than once. Send each field and parameter once."
        raise MalformedRequest(message)
    return found


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON (RFC 8259)."
    raise MalformedRequest(message)


def _convert[T: msgspec.Struct](parsed: dict[str, Any], schema: type[T]) -> T:
    fields = {field.name: field for field in msgspec.structs.fields(schema)}
    unknown = sorted(set(parsed) - set(fields))
    if unknown:
        message = f"This request has an unknown field. Known fields: {', '.join(fields)}."
        raise InvalidInput(message)
    missing = [name for name, field in fields.items() if field.required and name not in parsed]
    if missing:
        message = f"The field {missing[0]} is missing."
        raise InvalidInput(message)
    for name, value in parsed.items():
        kinds = _kinds(fields[name].type)
        if type(value) not in kinds or (isinstance(value, list) and any(type(each) is not str for each in value)):
            message = f"The field {name} must be {_TYPE_WORDS[kinds[0]]}."
            raise InvalidInput(message)
    return msgspec.convert(parsed, schema)


def _kinds(declared: Any) -> list[type]:  # noqa: ANN401 - a type, or a union of types
    """The types that a field may have. One that may be missing is ``str | UnsetType``: null is not a missing field."""
    found = get_args(declared) if isinstance(declared, UnionType) else (declared,)
    return [get_origin(kind) or kind for kind in found]
