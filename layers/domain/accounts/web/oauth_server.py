"""Responses to OAuth clients, in the form of RFC 6749."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from msgspec import Struct

from accounts import errors
from accounts.limits import ACCESS_TOKEN_LIFETIME, DEVICE_CODE_LIFETIME, DEVICE_POLL_INTERVAL
from accounts.web import responses, routes
from accounts.web.requests import Request
from accounts.web.responses import Response

if TYPE_CHECKING:
    # Each function imports only the flow that it calls.
    from accounts.flows.clients.client_sessions import Tokens
    from accounts.model.device_codes import Codes

# RFC 6749 5.2 has one code for every unreadable request: invalid_request.
_UNREADABLE = (errors.InvalidInput, errors.BodyTooLarge, errors.UnsupportedMediaType)
_DESCRIPTIONS: Mapping[type[errors.AccountsError], str] = {
    errors.MalformedRequest: "The request could not be read. Send a form with each parameter once.",
    errors.UnsupportedMediaType: "Send a form, with the header Content-Type: application/x-www-form-urlencoded.",
}


class TokenPair(Struct):
    """Access and refresh token (RFC 6749 5.1). ``expires_in`` is in seconds."""

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str
    scope: str


class DeviceCodes(Struct):
    """The codes for a device (RFC 8628 3.2).

    ``verification_uri_complete`` has the code in its fragment, which only the page reads: it never reaches a server,
    proxy or log.
    """

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class Refused(Struct):
    """An error of RFC 6749 5.2."""

    error: str
    error_description: str


class Revoked(Struct):
    """Nothing is said about the token (RFC 7009 2.2)."""


def form(request: Request) -> Mapping[str, str]:
    """The form of a client's request; raises ClientAuthentication, InvalidInput, BodyTooLarge, UnsupportedMediaType.

    ``Authorization`` may name the client, with an empty secret, as some libraries do by default (RFC 6749 2.3.1). A
    client that names itself twice has to use the same id, so that no intermediary can read another. A bearer token is
    ignored: HTTP libraries add the one that they have, which may have expired, to every request.
    """
    authorization = request.headers.get("authorization")
    if not authorization or authorization.partition(" ")[0].lower() == "bearer":
        return request.form()
    client_id, parameters = _named_client(authorization), request.form()
    if parameters.get("client_id", client_id) != client_id:
        raise errors.ClientAuthentication
    return {**parameters, "client_id": client_id}


def _named_client(authorization: str) -> str:
    """The id in Basic credentials without a secret; raises ClientAuthentication for anything else."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        name, separator, secret = base64.b64decode(encoded.strip(" "), validate=True).decode().partition(":")
    except ValueError as error:
        raise errors.ClientAuthentication from error
    if scheme.lower() != "basic" or not name or not separator or secret:
        raise errors.ClientAuthentication
    return unquote_plus(name)


def tokens(issued: Tokens, grant_type: str) -> Response:
    """``grant_type``, which must have been accepted, is for the log line."""
    seconds = int(ACCESS_TOKEN_LIFETIME.total_seconds())
    body = TokenPair(issued.access_token, "Bearer", seconds, issued.refresh_token, issued.scope)
    # Log only the last part of a URN (RFC 8628 3.4).
    return responses.ok(body, user_id=issued.user_id, method=grant_type.rpartition(":")[2])


def device(issued: Codes, site_url: str) -> Response:
    page = f"{site_url}{routes.DEVICE_PAGE.path}"
    body = DeviceCodes(
        device_code=issued.device_code,
        user_code=issued.user_code,
        verification_uri=page,
        verification_uri_complete=f"{page}#user_code={issued.user_code}",
        expires_in=int(DEVICE_CODE_LIFETIME.total_seconds()),
        interval=int(DEVICE_POLL_INTERVAL.total_seconds()),
    )
    return responses.ok(body)


def refused(error: errors.AccountsError, _request: Request | None = None) -> Response:
    """An error response (RFC 6749 5.2): 400 for a body that is not a form, because clients do not know 415.

    Errors of the service are 503 or 500, never ``invalid_grant``, on which clients discard their tokens.
    """
    code = errors.ClientRefused.code if isinstance(error, _UNREADABLE) else error.code
    body = Refused(code, _DESCRIPTIONS.get(type(error), error.message))
    known = errors.ClientRefused() if isinstance(error, errors.UnsupportedMediaType) else error
    return responses.ok(body, status=responses.status_of(known), headers=responses.headers_of(error))
