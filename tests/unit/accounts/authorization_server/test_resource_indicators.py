"""Tokens for one resource: nothing widens a grant to another resource or scope (RFC 8707, RFC 6749 6)."""

from collections.abc import Callable
from copy import replace
from typing import Any

import pytest

from accounts.authorization_server.token import GrantFlows, TokenEndpoint
from accounts.errors import AccountsError, InvalidUserCode
from accounts.flows.clients.client_sessions import Tokens
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import resources
from accounts.model.sessions import Rotate
from tests.fake_deployment import CLOUD, STORE
from tests.unit.accounts.authorization_server.test_authorization import answered, shown
from tests.unit.accounts.authorization_server.test_device import ask
from tests.unit.accounts.authorization_server.test_token import (
    code_form,
    device_form,
    post,
    refresh_form,
    refused,
)
from tests.unit.accounts.flows.clients.stage import answer, stored
from tests.unit.accounts.stage import NOW, OWNER, SITE_URL, Service

Asked = dict[str, str | None]
BOTH = "jobs:read jobs:write"
FOR_CLOUD: Asked = {"resource": CLOUD, "scope": "jobs:read"}


def code(service: Service, owner: LoggedIn, asked: Asked) -> Asked:
    """The form that exchanges a code for what was asked."""
    return code_form(answered(service, owner, **asked)["code"])


def device(service: Service, owner: LoggedIn, asked: Asked) -> Asked:
    """The form that exchanges a device code for what was asked."""
    found = ask(service, asked)
    service.device_consent.question(found.user_code, owner.session, OWNER, NOW)
    answer(service, found, owner)
    return device_form(found.device_code)


def refresh(service: Service, owner: LoggedIn, asked: Asked) -> Asked:
    """The form that refreshes what was asked."""
    return refresh_form(post(service, code(service, owner, asked)).refresh_token)


GRANTS = pytest.mark.parametrize("grant", [code, device, refresh])
Grant = Callable[[Service, LoggedIn, Asked], Asked]


def last_claims(service: Service) -> tuple[str, str]:
    said = service.signer.signed[-1]
    return said["aud"], said["scope"]


@GRANTS
@pytest.mark.parametrize(
    ("asked", "audience", "scope"),
    [
        ({"resource": None}, SITE_URL, "account"),
        ({"resource": SITE_URL}, SITE_URL, "account"),
        ({"resource": CLOUD, "scope": None}, CLOUD, BOTH),
        ({"resource": CLOUD, "scope": "jobs:write"}, CLOUD, "jobs:write"),
        ({"resource": f"{STORE}/", "scope": "orders account"}, STORE, "orders"),
    ],
)
def test_a_token_has_the_audience_and_scope_that_were_asked_for(
    service: Service, grant: Grant, asked: Asked, audience: str, scope: str
) -> None:
    """With or without repeating the resource, the response and the session say the same."""
    owner, repeats = service.person(), ({}, {"resource": asked["resource"]})
    for repeated in repeats:
        tokens = post(service, grant(service, owner, asked) | repeated)

        assert (last_claims(service), tokens.scope) == ((audience, scope), scope)
    sessions = [it for it in service.world.sessions.values() if it.client_id]
    assert {(it.resource or SITE_URL, it.scope) for it in sessions} == {(audience, scope)}


@GRANTS
@pytest.mark.parametrize(
    ("asked", "other"),
    [(FOR_CLOUD, STORE), (FOR_CLOUD, SITE_URL), (FOR_CLOUD, f"{SITE_URL}/api"), (FOR_CLOUD, f"{CLOUD}/"), ({}, CLOUD)],
)
def test_a_grant_for_one_resource_opens_no_other(service: Service, grant: Grant, asked: Asked, other: str) -> None:
    """The grant is not used up: its own client still gets the token for its own resource."""
    form, before = grant(service, service.person(), asked), len(service.signer.signed)

    assert refused(service, form | {"resource": other}) == "invalid_target"
    assert len(service.signer.signed) == before
    post(service, form)
    assert last_claims(service) == (asked.get("resource", SITE_URL), asked.get("scope", "account"))


def test_a_refresh_may_ask_for_less_once(service: Service) -> None:
    """The refresh token keeps what the owner allowed."""
    token = post(service, code(service, service.person(), {"resource": CLOUD, "scope": BOTH})).refresh_token
    less = post(service, refresh_form(token) | {"scope": "jobs:read"})
    assert (less.scope, last_claims(service)) == ("jobs:read", (CLOUD, "jobs:read"))

    assert post(service, refresh_form(less.refresh_token)).scope == BOTH


@pytest.mark.parametrize("scope", [BOTH, "jobs:write", "account", "orders", "jobs:read account", "unknown"])
def test_a_refresh_never_gets_more(service: Service, scope: str) -> None:
    """Although the resource offers it (RFC 6749 6)."""
    form = refresh(service, service.person(), FOR_CLOUD)

    before = stored(service)
    assert refused(service, form | {"scope": scope}) == "invalid_scope"
    assert stored(service) == before
    assert post(service, form).scope == "jobs:read"


@pytest.mark.parametrize("asked", [{"resource": CLOUD, "scope": it} for it in ("account", "orders", "jobs:read x")])
def test_a_scope_of_another_resource_is_not_asked_of_the_owner(service: Service, asked: Asked) -> None:
    """Neither in the browser nor for a device."""
    assert answered(service, service.person(), **asked)["error"] == "invalid_scope"
    with pytest.raises(AccountsError) as refusal:
        ask(service, asked)
    assert refusal.value.code == "invalid_scope"
    assert service.world.tokens == {}


def test_the_owner_sees_which_resource_is_asked_for(service: Service) -> None:
    """In the browser and for a device, so that a device cannot hide it."""
    owner, found = service.person(), ask(service, FOR_CLOUD)
    questions: list[Any] = [
        shown(service, owner, **FOR_CLOUD).question,
        service.device_consent.question(found.user_code, owner.session, OWNER, NOW),
    ]

    assert [(it.resource.name, it.resource.address, it.scope) for it in questions] == [
        ("Comfy Cloud", CLOUD, "jobs:read")
    ] * 2


def reconfigured(service: Service, configured: str) -> TokenEndpoint:
    """The token endpoint after the operator has changed the resources."""
    flows = GrantFlows(login=service.client_login, refresh=service.token_refresh, device=service.device_login)
    return TokenEndpoint(service.clients, flows, resources.load(SITE_URL, configured))


def tokens_after(service: Service, form: Asked, configured: str) -> Tokens:
    sent = {"client_id": "comfy-cli", **{name: value for name, value in form.items() if value is not None}}
    return reconfigured(service, configured).tokens(sent, OWNER, NOW)


@GRANTS
def test_a_resource_that_was_removed_gets_no_more_tokens(service: Service, grant: Grant) -> None:
    form = grant(service, service.person(), FOR_CLOUD)

    with pytest.raises(AccountsError) as refusal:
        tokens_after(service, form, f"{STORE}|Store|orders=See orders")
    assert refusal.value.code == "invalid_grant"


def test_a_scope_that_was_removed_is_lost_at_the_next_refresh(service: Service) -> None:
    form = refresh(service, service.person(), {"resource": CLOUD, "scope": BOTH})
    with pytest.raises(AccountsError) as refusal:
        tokens_after(service, form, f"{CLOUD}|Cloud|jobs:delete=Delete jobs")
    assert refusal.value.code == "invalid_grant"

    assert tokens_after(service, form, f"{CLOUD}|Cloud|jobs:read=See jobs").scope == "jobs:read"


def test_a_device_that_asks_for_a_removed_resource_is_not_shown(service: Service) -> None:
    """The owner could not see what the token would allow."""
    found, owner = ask(service, FOR_CLOUD), service.person()
    consent = replace(service.device_consent, resources=resources.load(SITE_URL))

    with pytest.raises(InvalidUserCode):
        consent.question(found.user_code, owner.session, OWNER, NOW)


def test_every_rotation_keeps_the_resource(service: Service) -> None:
    form = refresh(service, service.person(), FOR_CLOUD)
    for _ in range(3):
        form = refresh_form(post(service, form).refresh_token)

        assert last_claims(service) == (CLOUD, "jobs:read")
    assert "resource" not in Rotate.__struct_fields__
