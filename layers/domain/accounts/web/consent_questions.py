"""What a program asks for, as the consent page shows it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from accounts.model import origins
from accounts.model.clients import Client
from accounts.model.resources import Resource
from accounts.model.users import User
from accounts.web import responses
from accounts.web.responses import Response

if TYPE_CHECKING:
    # The questions of devices come from another flow.
    from accounts.flows.clients.client_consent import Question, Shown


class RedirectTo(Struct):
    """Where to send the browser."""

    redirect_to: str


class DescribedBy(Struct):
    """What the client's document says: its host, the client's own name for itself, and a fingerprint of it all."""

    host: str
    claim: str
    fingerprint: str


class AskingClient(Struct):
    """The client that asks. ``document`` is None for a configured one."""

    id: str
    name: str
    document: DescribedBy | None


class Target(Struct):
    """Where the client receives the response; ``loopback`` is this computer. A website may have no port."""

    host: str
    port: int | None
    loopback: bool


class AskedResource(Struct):
    """The service whose token is asked for."""

    name: str
    address: str


class Scope(Struct):
    """A scope with what it allows."""

    name: str
    means: list[str]


class Account(Struct):
    """The account that is asked. Every account has a verified address."""

    id: str
    email: str
    email_shown: str
    email_verified: bool = True


class LoginNeeded(Struct):
    """The client's document is read for an owner who is logged in only. ``asked_at`` is as in a question."""

    asked_at: datetime
    account: None = None


class ConsentQuestion(Struct):
    """The client, the redirect target, the service, the scopes, and the account that would be logged in.

    ``asked_at`` is now. The page returns the first that it got for a request: a login after it answers the request.
    """

    client: AskingClient
    redirect: Target
    resource: AskedResource | None
    scopes: list[Scope]
    account: Account | None
    asked_at: datetime


def shown(found: Shown, now: datetime) -> Response:
    """The consent question for the page, or a redirect to the client when its request has an error."""
    user_id = found.user.user_id if found.user else ""
    if found.question is None and not found.redirect_to:
        return responses.ok(LoginNeeded(now))
    if found.question is None:
        return responses.ok(RedirectTo(found.redirect_to), user_id=user_id)
    return responses.ok(_question(found.question, found.user, now), user_id=user_id)


def _question(asked: Question, user: User | None, now: datetime) -> ConsentQuestion:
    return ConsentQuestion(
        client=client(asked.client),
        redirect=_target(asked.redirect_uri),
        resource=resource(asked.resource),
        scopes=scopes(asked.resource, asked.scope),
        account=account(user) if user else None,
        asked_at=now,
    )


def client(asked: Client) -> AskingClient:
    document = DescribedBy(asked.host, asked.claim, asked.fingerprint) if asked.host else None
    return AskingClient(asked.client_id, asked.name, document)


def _target(redirect_uri: str) -> Target:
    target = origins.target(redirect_uri)
    if target is None:
        raise LookupError(redirect_uri)
    origin, _ = target
    port = origin.port if origin.is_loopback or str(origin) != origin.without_port else None
    return Target(origin.host, port, origin.is_loopback)


def resource(asked: Resource) -> AskedResource | None:
    """The service whose token is asked for; None for this one."""
    return None if asked.is_own else AskedResource(asked.name, asked.address)


def scopes(asked: Resource, scope: str) -> list[Scope]:
    """Each scope that still exists, with what it allows."""
    return [Scope(name, list(asked.meanings[name])) for name in asked.limited(scope).split()]


def account(user: User) -> Account:
    from accounts.web.presenters import email_shown  # noqa: PLC0415 - most questions come before the login

    return Account(user.user_id, user.email, email_shown(user.email))
