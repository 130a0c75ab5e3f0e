"""The exported authorizer, attached to a REST API with the gateway responses that docs/integrating.md shows."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml

from local import adapt
from local.cloud import LocalCloud
from tests.cloudformation import ROOT
from tests.local.person import Person
from tests.local.programs import logged_in
from tests.local.test_authorizer import TRUST, invocation_of, zipped

_SOURCE = """import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"]["authorizer"])}
"""
_NAMED = 'Bearer resource_metadata="https://cloud.example.com/.well-known/oauth-protected-resource/mcp"'


def gateway_responses() -> dict[str, Any]:
    """The block of the document, as SAM translates it."""
    text = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n( +GatewayResponses:\n.*?)```", text, re.DOTALL)
    function = {"Runtime": "python3.13", "Handler": "index.handler", "CodeUri": "here"}
    event = {"Type": "Api", "Properties": {"RestApiId": {"Ref": "Api"}, "Path": "/work", "Method": "get"}}
    resources = {
        "Api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "live", **yaml.safe_load(block)}},
        "Work": {"Type": "AWS::Serverless::Function", "Properties": {**function, "Events": {"Get": event}}},
    }
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}
    translated = adapt.translate(template, lambda _: {"Bucket": "code", "Key": "code"}, {})
    found: dict[str, Any] = translated["Resources"]["Api"]["Properties"]["Body"][
        "x-amazon-apigateway-gateway-responses"
    ]
    return found


@pytest.fixture(scope="module")
def echo(cloud: LocalCloud) -> Iterator[str]:
    """The ARN of another team's function, which returns what it learns of the caller."""
    functions, roles = cloud.client("lambda"), cloud.client("iam")
    role = roles.create_role(RoleName="rest-team", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    made = functions.create_function(
        FunctionName="rest-teams-echo",
        Runtime="python3.13",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": zipped(_SOURCE)},
    )
    yield made["FunctionArn"]
    functions.delete_function(FunctionName="rest-teams-echo")
    roles.delete_role(RoleName="rest-team")


@pytest.fixture(scope="module", params=["REQUEST", "TOKEN"])
def rest_api(request: pytest.FixtureRequest, cloud: LocalCloud, echo: str) -> Iterator[str]:
    """The id of a REST API whose method asks the authorizer, without a cache."""
    gateway = cloud.client("apigateway")
    api = gateway.create_rest_api(name="rest-team")
    source = {"identitySource": "method.request.header.Authorization"} if request.param == "TOKEN" else {}
    authorizer = gateway.create_authorizer(
        restApiId=api["id"],
        name="comfy",
        type=request.param,
        authorizerUri=invocation_of(cloud.outputs["AuthorizerFunctionArn"]),
        authorizerResultTtlInSeconds=0,
        **source,
    )
    work = gateway.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart="work")
    method = {"restApiId": api["id"], "resourceId": work["id"], "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="CUSTOM", authorizerId=authorizer["id"])
    gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=invocation_of(echo))
    for kind, response in gateway_responses().items():
        gateway.put_gateway_response(
            restApiId=api["id"],
            responseType=kind,
            statusCode=str(response["statusCode"]),
            responseParameters=response["responseParameters"],
        )
    gateway.create_deployment(restApiId=api["id"], stageName="live")
    yield api["id"]
    gateway.delete_rest_api(restApiId=api["id"])


def _work(cloud: LocalCloud, api: str, **headers: str) -> requests.Response:
    sent = {"host": f"{api}.execute-api.localhost:{cloud.aws_port}", **headers}
    return requests.get(f"{cloud.endpoint_url}/live/work", headers=sent, timeout=60)


def test_the_function_learns_whose_credential_it_is(cloud: LocalCloud, rest_api: str) -> None:
    """A token's, and a key's until it is deleted. Afterwards, the answer names the metadata."""
    ann = Person(cloud).join()
    account_id, key = ann.call("GET", "/customers/me").json()["id"], ann.make_key()
    by_token = _work(cloud, rest_api, authorization=f"Bearer {logged_in(ann)['access_token']}").json()
    bearer = {"authorization": f"Bearer {key['plaintext_key']}"}
    by_key = _work(cloud, rest_api, **bearer).json()
    assert ann.call("DELETE", f"/customers/api-keys/{key['id']}").status_code == 204
    denied = _work(cloud, rest_api, **bearer)

    assert (by_token["account_id"], by_token["credential_kind"]) == (account_id, "access_token")
    assert (by_key["account_id"], by_key["credential_id"]) == (account_id, key["id"])
    assert (denied.status_code, denied.headers["www-authenticate"]) == (401, _NAMED)


def test_without_a_credential_the_answer_names_the_metadata(cloud: LocalCloud, rest_api: str) -> None:
    """ACCESS_DENIED if the authorizer was asked, UNAUTHORIZED if the gateway found no token to ask about."""
    answer = _work(cloud, rest_api)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, _NAMED)
