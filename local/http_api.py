"""Expand the OpenAPI body that SAM generates for HttpApi events into resources, because MiniStack reads no body.

The routes, integrations and authorizers are those that API Gateway creates from the same body.
"""

import re
from collections.abc import Iterator
from typing import Any

type Json = dict[str, Any]
type Resources = dict[str, Json]

_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_AUTHORIZER = "x-amazon-apigateway-authorizer"


class NotUnderstood(Exception):
    """The body has a feature that this module does not support."""


def expand(api_id: str, api: Json) -> Resources:
    """Return the API without its body, and the resources that the body describes."""
    properties = dict(api["Properties"])
    body = properties.pop("Body")
    properties |= {"ProtocolType": "HTTP", "Name": body["info"]["title"]}
    if cors := body.get("x-amazon-apigateway-cors"):
        properties["CorsConfiguration"] = cors  # MiniStack reads lower-camel keys, as in the body.
    resources: Resources = {api_id: api | {"Properties": properties}}
    resources |= _authorizers(api_id, body)
    for path, method, operation in _operations(body):
        resources |= _route(api_id, path, method, operation, _security_schemes(body))
    return resources


def _operations(body: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in body["paths"].items():
        if not isinstance(item, dict) or any(key.startswith("Fn::") for key in item):
            raise NotUnderstood(f"the path {path} is conditional; put the condition on a parameter instead")
        for method, operation in item.items():
            if method != "parameters":
                yield path, "ANY" if method == _ANY else method.upper(), operation


def _route(api_id: str, path: str, method: str, operation: Json, schemes: Json) -> Resources:
    integration_id, integration = _integration(api_id, operation[_INTEGRATION])
    route = {
        "ApiId": {"Ref": api_id},
        "RouteKey": "$default" if path in {"$default", "/$default"} else f"{method} {path}",
        "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration_id}]]},
        **_authorization(api_id, operation.get("security") or [], schemes),
    }
    name = "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", f"{method} {path}"))
    return {
        integration_id: integration,
        f"{api_id}{name}Route": {"Type": "AWS::ApiGatewayV2::Route", "Properties": route},
    }


def _integration(api_id: str, integration: Json) -> tuple[str, Json]:
    uri = integration["uri"]
    found = re.search(r"\$\{(\w+)\.(?:Arn|Alias)\}|\$\{(\w+)\}/invocations", str(uri))
    if not found:
        raise NotUnderstood(f"an integration that names no function: {uri}")
    properties = {
        "ApiId": {"Ref": api_id},
        "IntegrationType": integration["type"].upper(),
        "IntegrationUri": uri,
        "IntegrationMethod": integration["httpMethod"],
        "PayloadFormatVersion": integration["payloadFormatVersion"],
    }
    if "timeoutInMillis" in integration:
        properties["TimeoutInMillis"] = integration["timeoutInMillis"]
    function = found[1] or found[2]
    return f"{api_id}{function}Integration", {"Type": "AWS::ApiGatewayV2::Integration", "Properties": properties}


def _authorization(api_id: str, security: list[Json], schemes: Json) -> Json:
    named = [(name, scopes) for requirement in security for name, scopes in requirement.items() if name != "NONE"]
    if not named:
        return {"AuthorizationType": "NONE"}
    (name, scopes), *others = named
    if others:
        raise NotUnderstood("a route with more than one authorizer")
    if name not in schemes:
        return {"AuthorizationType": "AWS_IAM"}
    kind = "JWT" if schemes[name][_AUTHORIZER]["type"] == "jwt" else "CUSTOM"
    scoped = {"AuthorizationScopes": scopes} if scopes else {}
    return {"AuthorizationType": kind, "AuthorizerId": {"Ref": _authorizer_id(api_id, name)}, **scoped}


def _authorizers(api_id: str, body: Json) -> Resources:
    return {
        _authorizer_id(api_id, name): {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {"ApiId": {"Ref": api_id}, "Name": name, **_authorizer(scheme[_AUTHORIZER])},
        }
        for name, scheme in _security_schemes(body).items()
    }


def _authorizer(authorizer: Json) -> Json:
    if authorizer["type"] == "jwt":
        settings = authorizer["jwtConfiguration"]
        return {
            "AuthorizerType": "JWT",
            "IdentitySource": [authorizer["identitySource"]],
            "JwtConfiguration": {"Audience": settings["audience"], "Issuer": settings["issuer"]},
        }
    copied = {
        "AuthorizerUri": "authorizerUri",
        "AuthorizerCredentialsArn": "authorizerCredentials",
        "AuthorizerPayloadFormatVersion": "authorizerPayloadFormatVersion",
        "AuthorizerResultTtlInSeconds": "authorizerResultTtlInSeconds",
        "EnableSimpleResponses": "enableSimpleResponses",
    }
    found = {name: authorizer[key] for name, key in copied.items() if key in authorizer}
    # SAM writes a list, OpenAPI a text.
    named = authorizer.get("identitySource", "")
    sources = named if isinstance(named, list) else [it.strip() for it in named.split(",") if it.strip()]
    # An absent list would mean the header Authorization.
    return {"AuthorizerType": "REQUEST", "IdentitySource": sources, **found}


def _security_schemes(body: Json) -> Json:
    schemes: Json = body.get("components", {}).get("securitySchemes", {})
    return {name: scheme for name, scheme in schemes.items() if _AUTHORIZER in scheme}


def _authorizer_id(api_id: str, name: str) -> str:
    return f"{api_id}{re.sub(r'[^A-Za-z0-9]', '', name)}Authorizer"
