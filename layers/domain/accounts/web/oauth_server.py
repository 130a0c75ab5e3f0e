"""Responses to OAuth clients, in the form of RFC 6749."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from accounts import errors
from accounts.limits import ACCESS_TOKEN_LIFETIME, DEVICE_CODE_LIFETIME, DEVICE_POLL_INTERVAL
from accounts.model import origins
from accounts.model.resources import Resource
from accounts.model.users import User
from accounts.web import responses, routes
from accounts.web.requests import Request
from accounts.web.responses import Response

if TYPE_CHECKING:
    # Each function imports only the flow that it calls.
    from accounts.flows.clients.client_consent import Question, Shown
    from accounts.flows.clients.client_sessions import Tokens
    from accounts.model.device_codes import Codes

# RFC 6749 5.2 has one code for every unreadable request: invalid_request.
_UNREADABLE = (errors.InvalidInput, errors.BodyTooLarge, errors.UnsupportedMediaType)
_DESCRIPTIONS: Mapping[type[errors.AccountsError], str] = {
    errors.MalformedRequest: "The request could not be read. Send a form, each parameter once.",
    errors.UnsupportedMediaType: "Send a form, with the header Content-Type: application/x-www-form-urlencoded.",
}


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
    """Access and refresh token (RFC 6749 5.1). ``grant_type``, which must have been accepted, is for the log line."""
    body = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": int(ACCESS_TOKEN_LIFETIME.total_seconds()),
        "refresh_token": issued.refresh_token,
        "scope": issued.scope,
    }
    # Log only the last part of a URN (RFC 8628 3.4).
    return responses.ok(body, user_id=issued.user_id, method=grant_type.rpartition(":")[2])


def device(issued: Codes, site_url: str) -> Response:
    """The codes for a device (RFC 8628 3.2).

    ``verification_uri_complete`` has the code in its fragment, which only the page reads: it never reaches a server,
    proxy or log.
    """
    page = f"{site_url}{routes.DEVICE_PAGE.path}"
    body = {
        "device_code": issued.device_code,
        "user_code": issued.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}#user_code={issued.user_code}",
        "expires_in": int(DEVICE_CODE_LIFETIME.total_seconds()),
        "interval": int(DEVICE_POLL_INTERVAL.total_seconds()),
    }
    return responses.ok(body)


def refused(error: errors.AccountsError) -> Response:
    """An error response (RFC 6749 5.2): 400 for a body that is not a form, because clients do not know 415.

    Errors of the service are 503 or 500, never ``invalid_grant``, on which clients discard their tokens.
    """
    code = errors.ClientRefused.code if isinstance(error, _UNREADABLE) else error.code
    body = {"error": code, "error_description": _DESCRIPTIONS.get(type(error), error.message)}
    known = errors.ClientRefused() if isinstance(error, errors.UnsupportedMediaType) else error
    headers = responses.headers_of(error)
    return Response(responses.status_of(known), json.dumps(body, ensure_ascii=False), headers=headers)


def shown(found: Shown) -> Response:
    """The consent question for the page, or a redirect to the client when its request has an error."""
    user_id = found.user.user_id if found.user else ""
    if found.question is None:
        return responses.ok({"redirect_to": found.redirect_to}, user_id=user_id)
    return responses.ok(_question(found.question, found.user), user_id=user_id)


def _question(asked: Question, user: User | None) -> Mapping[str, Any]:
    """The client, the redirect target, the service, the scopes, and the account that would be logged in."""
    return {
        "client": {"id": asked.client.client_id, "name": asked.client.name},
        "redirect": _target(asked.redirect_uri),
        "resource": resource(asked.resource),
        "scopes": scopes(asked.resource, asked.scope),
        "account": account(user) if user else None,
    }


def _target(redirect_uri: str) -> dict[str, Any]:
    """Where the client receives the response; ``loopback`` is this computer. A website may have no port."""
    target = origins.target(redirect_uri)
    if target is None:
        raise LookupError(redirect_uri)
    origin, _ = target
    port = origin.port if origin.is_loopback or str(origin) != origin.without_port else None
    return {"host": origin.host, "port": port, "loopback": origin.is_loopback}


def resource(asked: Resource) -> dict[str, str] | None:
    """The service whose token is asked for; None for this one."""
    return None if asked.is_own else {"name": asked.name, "address": asked.address}


def scopes(asked: Resource, scope: str) -> list[dict[str, Any]]:
    """Each scope that still exists, with what it allows."""
    return [{"name": name, "means": list(asked.meanings[name])} for name in asked.limited(scope).split()]


def account(user: User) -> dict[str, Any]:
    """The account that is asked. Every account has a verified address."""
    from accounts.web.presenters import email_shown  # noqa: PLC0415 - the endpoints of programs show no account

    return {
        "id": user.user_id,
        "email": user.email,
        "email_shown": email_shown(user.email),
        "email_verified": True,
    }
