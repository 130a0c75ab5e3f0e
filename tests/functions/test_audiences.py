"""A token for one resource is accepted by its authorizer, and by nothing else."""

from typing import Any

import pytest

from tests.functions import expected
from tests.functions.clients import Program, handed_out
from tests.functions.cloud import ADMIN_SECRET, CLOUD, SITE_URL, STORE
from tests.functions.inventory import ANY_ROUTES, SESSION_ROUTES
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.machines import Machine
from tests.functions.requests import SAMPLE_KEY, SAMPLE_USER_ID, request

OWN_TOKENS = ("account_open", "account_show", "workspace_show", "key_list", "key_delete")
AUDIENCES = {"": SITE_URL, SITE_URL: SITE_URL, CLOUD: CLOUD, STORE: STORE}


@pytest.fixture
def program(functions: Lambdas) -> Program:
    """A program on the machine of a person who is logged in."""
    functions.people.as_sampled()
    return Program(functions)


def token_for(program: Program, resource: str | None, scope: str | None = None) -> str:
    """An access token, asked for with ``resource`` at both endpoints."""
    code = program.code(resource=resource, scope=scope)
    answer = program.exchange(code, resource=resource)
    assert answer.status == 200, answer.json
    token: str = answer.json["access_token"]
    return token


def guarded(functions: Lambdas, audience: str, **credential: Any) -> Answer:
    """The authorizer's answer to an API whose stage names ``audience``."""
    event = request("authorizer", **credential)
    event["stageVariables"] = {"comfyAudience": audience} if audience else None
    return functions.invoke("authorizer", event)


@pytest.mark.parametrize("resource", [SITE_URL, CLOUD, STORE])
@pytest.mark.parametrize("named", AUDIENCES)
def test_an_authorizer_accepts_tokens_of_its_audience_only(program: Program, named: str, resource: str) -> None:
    """With the scope in the context."""
    token = token_for(program, resource)
    answer = guarded(program.functions, named, bearer=token).result

    scopes = {SITE_URL: "account", CLOUD: "jobs:read jobs:write", STORE: "orders"}
    assert answer["isAuthorized"] is (AUDIENCES[named] == resource)
    assert answer.get("context", {}).get("scope", scopes[resource]) == scopes[resource]


@pytest.mark.parametrize("function", sorted({*SESSION_ROUTES, *ANY_ROUTES}))
def test_no_route_of_this_service_accepts_a_token_for_another(program: Program, function: str) -> None:
    """It is refused like an invalid one, or like any token where none is accepted; nothing is looked up."""
    token = token_for(program, CLOUD)
    answer = program.functions.invoke(function, request(function, bearer=token))

    status, code = (401, "not_authenticated") if function in OWN_TOKENS else (403, "credential_not_accepted")
    assert answer.read == expected.refusal(function, status, code, bearer=status == 401)
    assert [call.name for call in answer.calls if call.service == "dynamodb"] == []


def test_a_token_for_a_resource_is_no_api_key(program: Program) -> None:
    """Neither for verification nor as the key's header at its own authorizer."""
    token = token_for(program, CLOUD)
    headers = {"x-comfy-admin-secret": ADMIN_SECRET}
    verified = program.functions.invoke("key_verify", request("key_verify", body={"api_key": token}, headers=headers))

    assert verified.json["valid"] is False
    assert guarded(program.functions, CLOUD, key=token).result == {"isAuthorized": False}


def test_an_api_key_has_no_scope_at_a_resource(program: Program) -> None:
    """A service that asks for a scope must decide about keys itself; one that only compares denies them."""
    context = guarded(program.functions, CLOUD, key=SAMPLE_KEY).result["context"]

    assert (context["account_id"], context["credential_kind"], context["scope"]) == (SAMPLE_USER_ID, "api_key", "")


def test_a_device_gets_a_token_for_the_resource_that_its_owner_was_shown(program: Program) -> None:
    machine = Machine(program.functions)
    found = machine.asks(resource=CLOUD, scope="jobs:read").json
    question = machine.typed(found["user_code"]).json
    assert machine.answered(found["user_code"]).status == 204
    token = machine.polls(found["device_code"]).json["access_token"]

    assert question["resource"] == {"name": "Comfy Cloud", "address": CLOUD}
    assert question["scopes"] == [{"name": "jobs:read", "means": ["See your jobs"]}]
    assert guarded(program.functions, CLOUD, bearer=token).result["context"]["scope"] == "jobs:read"
    assert guarded(program.functions, "", bearer=token).result == {"isAuthorized": False}


def test_logging_out_ends_the_token_of_a_resource_at_once(program: Program) -> None:
    """With the access token alone, which this service's own routes do not accept."""
    token = token_for(program, CLOUD)
    body = f"client_id=comfy-cli&token={token}"
    assert program.functions.invoke("client_revoke", request("client_revoke", body=body)).status == 200

    assert guarded(program.functions, CLOUD, bearer=token).result == {"isAuthorized": False}


def test_a_narrower_token_reaches_the_service_narrower(program: Program) -> None:
    """Although its session still has both scopes."""
    tokens = program.exchange(program.code(resource=CLOUD, scope=None)).json
    narrow = program.refresh(tokens["refresh_token"], scope="jobs:read").json["access_token"]

    assert guarded(program.functions, CLOUD, bearer=narrow).result["context"]["scope"] == "jobs:read"


def test_the_consent_page_says_for_which_service(program: Program) -> None:
    from_here = program.shown(resource=CLOUD, scope="jobs:write").json
    own = program.shown().json

    assert (from_here["resource"], own["resource"]) == ({"name": "Comfy Cloud", "address": CLOUD}, None)
    assert from_here["scopes"] == [{"name": "jobs:write", "means": ["Start jobs"]}]
    handed_out(program.functions, program.code(resource=CLOUD, scope="jobs:write"))
