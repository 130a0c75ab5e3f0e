"""The service in examples/service, deployed beside the account service: its tokens, its scopes, and who is denied."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local import adapt
from local.cloud import EXAMPLE_SERVICE, LocalCloud
from scripts import stacks
from tests.cloudformation import ROOT
from tests.local.person import Person
from tests.local.programs import logged_in

FOLDER, STACK, BUCKET = ROOT / "examples" / "service", "example-service", "example-service-code"


@pytest.fixture(scope="module")
def api(cloud: LocalCloud) -> Iterator[str]:
    """The id of its HTTP API, deployed from its own template as that is."""
    template, s3, stack = stacks.read(FOLDER / "template.yaml"), cloud.client("s3"), cloud.client("cloudformation")
    code = adapt.code_of(template, FOLDER)
    s3.create_bucket(Bucket=BUCKET)
    for package in code.values():
        s3.put_object(Bucket=BUCKET, Key=package.key, Body=package.body)
    given = {"AccountsUrl": cloud.site_url, "Audience": EXAMPLE_SERVICE}
    translated = adapt.translate(template, lambda name: {"Bucket": BUCKET, "Key": code[name].key}, given)
    stack.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(adapt.adapt(translated)),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    stack.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    yield stacks.outputs_of(stack, STACK)["ApiId"]
    stack.delete_stack(StackName=STACK)


def call(cloud: LocalCloud, api: str, method: str = "GET", path: str = "/mcp", **headers: str) -> requests.Response:
    sent = {"host": f"{api}.execute-api.localhost:{cloud.aws_port}"} | {
        it.replace("_", "-"): headers[it] for it in headers
    }
    return requests.request(method, cloud.endpoint_url + path, headers=sent, timeout=60)


def authorization(ann: Person, **asked: str) -> dict[str, Any]:
    """The header of a program of Ann's that asked for this resource and scope."""
    return {"authorization": f"Bearer {logged_in(ann, **asked)['access_token']}"}


@pytest.fixture(scope="module")
def ann(cloud: LocalCloud) -> Person:
    return Person(cloud).join()


def test_its_own_tokens_are_accepted_as_far_as_their_scope_goes(cloud: LocalCloud, api: str, ann: Person) -> None:
    account_id = ann.call("GET", "/customers/me").json()["id"]
    header = authorization(ann, resource=EXAMPLE_SERVICE, scope="jobs:read")
    read, started = call(cloud, api, **header), call(cloud, api, "POST", **header)

    assert (read.status_code, read.json()) == (200, {"account_id": account_id, "did": "jobs:read"})
    assert (started.status_code, started.json()) == (403, {"error": "insufficient_scope", "scope": "jobs:write"})


def test_a_token_of_the_account_service_is_denied_and_the_other_way_round(
    cloud: LocalCloud, api: str, ann: Person
) -> None:
    """The gateway's 403 has no field ``error``."""
    denied = call(cloud, api, **authorization(ann, resource=cloud.site_url))
    other = requests.get(
        f"{cloud.site_url}/customers/me", headers=authorization(ann, resource=EXAMPLE_SERVICE), timeout=60
    )

    assert (denied.status_code, denied.json()) == (403, {"message": "Forbidden"})
    assert (other.status_code, other.json()["error"]) == (401, "not_authenticated")
    assert "resource_metadata=" in other.headers["www-authenticate"]


def test_a_key_works_until_it_is_deleted(cloud: LocalCloud, api: str, ann: Person) -> None:
    key = ann.make_key()
    started = call(cloud, api, "POST", x_api_key=key["plaintext_key"])
    assert ann.call("DELETE", f"/customers/api-keys/{key['id']}").status_code == 204

    assert (started.status_code, started.json()["did"]) == (200, "jobs:write")
    assert call(cloud, api, "POST", x_api_key=key["plaintext_key"]).status_code == 403


def test_without_a_credential_only_its_metadata_is_shown(cloud: LocalCloud, api: str) -> None:
    shown = call(cloud, api, path="/.well-known/oauth-protected-resource/mcp")

    assert call(cloud, api).status_code == 403
    assert shown.headers["access-control-allow-origin"] == "*"
    assert shown.json() == {
        "resource": EXAMPLE_SERVICE,
        "authorization_servers": [cloud.site_url],
        "scopes_supported": ["jobs:read", "jobs:write"],
        "bearer_methods_supported": ["header"],
    }
