"""What OAuth clients are answered, in the form that RFC 6749 gives it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from accounts import errors
from accounts.limits import ACCESS_TOKEN_LIFETIME, DEVICE_CODE_LIFETIME, DEVICE_POLL_INTERVAL
from accounts.model.clients import MEANINGS
from accounts.model.users import User
from accounts.web import responses, routes
from accounts.web.requests import Request
from accounts.web.responses import Response

if TYPE_CHECKING:
    # Each is the answer of one story, and every function imports its own.
    from accounts.flows.clients.client_consent import Question, Shown
    from accounts.flows.clients.client_sessions import Tokens
    from accounts.model.device_codes import Codes

# What was sent cannot be read, however that came: the RFC has one word for it.
_UNREADABLE = (errors.InvalidInput, errors.BodyTooLarge, errors.UnsupportedMediaType)
_DESCRIPTIONS: Mapping[type[errors.AccountsError], str] = {
    errors.MalformedRequest: "The request could not be read. Send a form, each parameter once.",
    errors.UnsupportedMediaType: "Send a form, with the header Content-Type: application/x-www-form-urlencoded.",
}


def form(request: Request) -> Mapping[str, str]:
    """What a client asks; raises ClientAuthentication, InvalidInput, BodyTooLarge, UnsupportedMediaType.

    Whoever says who they are in two ways might be one thing to us and another to whoever stands between (RFC 6749 2.3).
    """
    if request.headers.get("authorization"):
        raise errors.ClientAuthentication
    return request.form()


def tokens(issued: Tokens, grant_type: str) -> Response:
    """A pair of tokens (RFC 6749 5.1), for a grant of this type: one that was accepted, so one that we know."""
    body = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": int(ACCESS_TOKEN_LIFETIME.total_seconds()),
        "refresh_token": issued.refresh_token,
        "scope": issued.scope,
    }
    # Some types are URNs (RFC 8628 3.4), of which the last word is the name.
    return responses.ok(body, user_id=issued.user_id, method=grant_type.rpartition(":")[2])


def device(issued: Codes, site_url: str) -> Response:
    """The codes of a device (RFC 8628 3.2).

    The address that is complete has the code in its fragment, which no server, proxy or log sees: our page reads it.
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
    """A refusal (RFC 6749 5.2). Our faults are 503 or 500, never ``invalid_grant``: clients forget tokens on that."""
    code = errors.ClientRefused.code if isinstance(error, _UNREADABLE) else error.code
    body = {"error": code, "error_description": _DESCRIPTIONS.get(type(error), error.message)}
    headers = responses.headers_of(error)
    return Response(responses.status_of(error), json.dumps(body, ensure_ascii=False), headers=headers)


def shown(found: Shown) -> Response:
    """The question that the page asks, or where it sends the browser because nothing can be asked."""
    user_id = found.user.user_id if found.user else ""
    if found.question is None:
        return responses.ok({"redirect_to": found.redirect_to}, user_id=user_id)
    return responses.ok(_question(found.question, found.user), user_id=user_id)


def _question(asked: Question, user: User | None) -> Mapping[str, Any]:
    """What the page shows before a person says yes: who asks, where the answer goes, how far it would be let in."""
    target = urlsplit(asked.redirect_uri)
    return {
        "client": {"id": asked.client.client_id, "name": asked.client.name},
        "redirect": {"host": target.hostname, "port": target.port},
        "scopes": scopes(asked.scope),
        "account": account(user) if user else None,
    }


def scopes(scope: str) -> list[dict[str, Any]]:
    """How far a program would be let in, in words for people."""
    return [{"name": name, "means": list(MEANINGS[name])} for name in scope.split()]


def account(user: User) -> dict[str, Any]:
    """Who is asked. An account exists only once its address has been proven."""
    return {"id": user.user_id, "email": user.email, "email_verified": True}
