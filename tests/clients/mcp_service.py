"""Deploys the small MCP server as a REST API, whose gateway responses are those of docs/integrating.md."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from local.cloud import LocalCloud

SCOPES = {"jobs:read": "See your jobs", "jobs:write": "Start jobs"}
_HANDLER = Path(__file__).with_name("mcp_handler.py")
_REGION = "us-east-1"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def configured(address: str) -> str:
    """The service in the parameter OAuthResources."""
    return "|".join([address, "Job service", *(f"{name}={meaning}" for name, meaning in SCOPES.items())])


def deploy(cloud: LocalCloud, origin: str) -> str:
    """Deploy the service, which is called at ``origin``; return where the emulated AWS answers for it."""
    gateway = cloud.client("apigateway")
    api = gateway.create_rest_api(name="job-service")["id"]
    (root,) = gateway.get_resources(restApiId=api)["items"]
    authorizer = gateway.create_authorizer(
        restApiId=api,
        name="comfy",
        type="REQUEST",
        authorizerUri=_invocation_of(cloud.outputs["AuthorizerFunctionArn"]),
        authorizerResultTtlInSeconds=0,
        identitySource="",
    )["id"]
    mcp = _path(gateway, api, root["id"], "mcp")
    _integrate(gateway, api, mcp, _function(cloud), authorizationType="CUSTOM", authorizerId=authorizer)
    _publish_metadata(gateway, api, root["id"], origin, cloud.site_url)
    _challenge(gateway, api, f"{origin}/.well-known/oauth-protected-resource/mcp")
    variables = {"comfyAudience": f"{origin}/mcp"}
    gateway.create_deployment(restApiId=api, stageName="live", variables=variables)
    return f"localhost:{cloud.aws_port}/_aws/execute-api/{api}/live"


def _function(cloud: LocalCloud) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(_HANDLER, "handler.py")
    role = cloud.client("iam").create_role(RoleName="job-service", AssumeRolePolicyDocument=json.dumps(_TRUST))
    made = cloud.client("lambda").create_function(
        FunctionName="job-service",
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="handler.lambda_handler",
        Code={"ZipFile": buffer.getvalue()},
    )
    return str(made["FunctionArn"])


def _path(gateway: Any, api: str, parent: str, *parts: str) -> str:
    for part in parts:
        parent = gateway.create_resource(restApiId=api, parentId=parent, pathPart=part)["id"]
    return parent


def _integrate(gateway: Any, api: str, resource: str, function: str, **access: str) -> None:
    gateway.put_method(restApiId=api, resourceId=resource, httpMethod="ANY", **access)
    gateway.put_integration(
        restApiId=api,
        resourceId=resource,
        httpMethod="ANY",
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=_invocation_of(function),
    )


def _publish_metadata(gateway: Any, api: str, root: str, origin: str, issuer: str) -> None:
    """Publish who issues the service's tokens (RFC 9728), without the authorizer."""
    at = {
        "restApiId": api,
        "resourceId": _path(gateway, api, root, ".well-known", "oauth-protected-resource", "mcp"),
        "httpMethod": "GET",
    }
    metadata = {
        "resource": f"{origin}/mcp",
        "authorization_servers": [issuer],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
    }
    gateway.put_method(**at, authorizationType="NONE")
    gateway.put_integration(**at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    gateway.put_method_response(**at, statusCode="200")
    gateway.put_integration_response(
        **at, statusCode="200", responseTemplates={"application/json": json.dumps(metadata)}
    )


def _challenge(gateway: Any, api: str, metadata: str) -> None:
    for kind in ("ACCESS_DENIED", "UNAUTHORIZED"):
        gateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            statusCode="401",
            responseParameters={
                "gatewayresponse.header.WWW-Authenticate": f"'Bearer resource_metadata=\"{metadata}\"'"
            },
        )


def _invocation_of(arn: str) -> str:
    return f"arn:aws:apigateway:{_REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"
