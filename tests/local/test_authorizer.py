"""The exported authorizer, attached to another HTTP API of the same AWS account."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from local.cloud import LocalCloud
from tests.local.ageing import age
from tests.local.person import Person

_ECHO = """import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"]["authorizer"]["lambda"])}
"""

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def zipped(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", source)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def other_api(cloud: LocalCloud) -> Iterator[str]:
    """Another team's API, whose every route asks our authorizer, attached as docs/integrating.md says."""
    gateway, functions = cloud.client("apigatewayv2"), cloud.client("lambda")
    role = cloud.client("iam").create_role(RoleName="other-team", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    echo = functions.create_function(
        FunctionName="other-teams-echo",
        Runtime="python3.13",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": zipped(_ECHO)},
    )["FunctionArn"]
    api = gateway.create_api(Name="other-team", ProtocolType="HTTP")["ApiId"]
    authorizer = gateway.create_authorizer(
        ApiId=api,
        Name="comfy",
        AuthorizerType="REQUEST",
        AuthorizerUri=invocation_of(cloud.outputs["AuthorizerFunctionArn"]),
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
        AuthorizerResultTtlInSeconds=0,
        IdentitySource=[],
    )["AuthorizerId"]
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=echo, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    gateway.create_route(
        ApiId=api,
        RouteKey="ANY /work",
        Target=f"integrations/{integration}",
        AuthorizationType="CUSTOM",
        AuthorizerId=authorizer,
    )
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    yield api
    gateway.delete_api(ApiId=api)
    functions.delete_function(FunctionName="other-teams-echo")
    cloud.client("iam").delete_role(RoleName="other-team")


def invocation_of(arn: str) -> str:
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"


def _work(cloud: LocalCloud, api: str, method: str = "GET", **headers: str) -> requests.Response:
    host = f"{api}.execute-api.localhost:{cloud.aws_port}"
    sent = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return requests.request(method, f"{cloud.endpoint_url}/work", headers=sent, timeout=60)


def test_a_key_opens_another_api_until_it_is_deleted(cloud: LocalCloud, other_api: str) -> None:
    """The other team's function learns whose key it is; deleted, the key is refused on the very next request."""
    person = Person(cloud).join()
    made = person.make_key()

    answer = _work(cloud, other_api, x_api_key=made["plaintext_key"])

    account_id = person.call("GET", "/customers/me").json()["id"]
    key = {"credential_kind": "api_key", "credential_id": made["id"], "expires_at": ""}
    key |= {"amr": "", "auth_time": "", "acr": ""}
    expected = {"account_id": account_id, "scope": "", **key}
    assert (answer.status_code, json.loads(answer.text)) == (200, expected)
    assert person.call("DELETE", f"/customers/api-keys/{made['id']}").status_code == 204
    assert _work(cloud, other_api, x_api_key=made["plaintext_key"]).status_code == 403


def test_a_key_opens_another_api_until_it_expires(cloud: LocalCloud, other_api: str) -> None:
    """The other team's function learns when that is."""
    person = Person(cloud).join()
    expires_at = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    asked = person.call("POST", "/customers/api-keys", {"name": "render farm", "expires_at": expires_at})
    made = asked.json()["api_key"]

    answer = _work(cloud, other_api, x_api_key=made["plaintext_key"])

    assert answer.status_code == 200
    assert datetime.fromisoformat(answer.json()["expires_at"]) == datetime.fromisoformat(made["expires_at"])
    age(cloud, made["id"], timedelta(days=7))
    assert _work(cloud, other_api, x_api_key=made["plaintext_key"]).status_code == 403


def test_a_session_opens_another_api_but_writes_nothing_unproven(cloud: LocalCloud, other_api: str) -> None:
    """Behind the same host the cookie works; a write that does not say where it comes from is refused."""
    person = Person(cloud).join()
    cookie = f"__Host-session={person.http.cookies['__Host-session']}"

    assert _work(cloud, other_api, cookie=cookie).json()["credential_kind"] == "session"
    assert _work(cloud, other_api, "POST", cookie=cookie).status_code == 403


def test_without_a_valid_credential_the_authorizer_denies(cloud: LocalCloud, other_api: str) -> None:
    """Without a credential, or with one that is none, the other team's function is never asked."""
    assert _work(cloud, other_api).status_code in {401, 403}
    assert _work(cloud, other_api, authorization="Bearer nonsense").status_code == 403
