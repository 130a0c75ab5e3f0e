"""How the local cloud adapts a template."""

import json
from pathlib import Path
from typing import Any

import pytest

from local import adapt
from local.http_api import NotUnderstood, expand
from local.shape import comparable
from scripts import stacks

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.13, Handler: handler.lambda_handler, Layers: [!Ref DomainLayer]}}
Resources:
  HttpApi: {Type: AWS::Serverless::HttpApi}
  DomainLayer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layers/domain}}
  DependenciesLayer:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: makefile}
    Properties: {ContentUri: layers/dependencies}
  Admin: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {}}}
  Query: {Type: AWS::Logs::QueryDefinition, Properties: {Name: errors, QueryString: fields @message}}
  Rate: {Type: AWS::CloudWatch::Alarm, Properties: {Metrics: [{Id: rate, Expression: a / b}]}}
  Count: {Type: AWS::CloudWatch::Alarm, Properties: {Namespace: AWS/Lambda, MetricName: Errors}}
  LoginFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/login
      Environment: {Variables: {ADMIN: !Ref Admin, ALSO: !Sub "${Admin}!"}}
      Policies: {Version: '2012-10-17', Statement: [
        {Effect: Allow, Action: [ses:SendEmail], Resource: identity, Condition: {StringEquals: {a: b}}},
        {Effect: Allow, Action: [sqs:SendMessage], Resource: queue}]}
      Events:
        Login: {Type: HttpApi, Properties: {ApiId: !Ref HttpApi, Path: /auth/login, Method: POST}}
        Rest: {Type: HttpApi, Properties: {ApiId: !Ref HttpApi}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one function and one layer."""
    (tmp_path / "functions" / "login").mkdir(parents=True)
    (tmp_path / "functions" / "login" / "handler.py").write_text("")
    (tmp_path / "layers" / "domain" / "accounts").mkdir(parents=True)
    (tmp_path / "layers" / "domain" / "accounts" / "users.py").write_text("")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return tmp_path


def adapted(project: Path, key: str = "key") -> dict[str, Any]:
    """The project's template, as it is deployed locally."""
    template = stacks.read(project / "template.yaml")
    return adapt.adapt(adapt.translate(template, lambda _: {"Bucket": "code", "Key": key}, {}))


def test_every_event_becomes_a_route_to_one_integration(project: Path) -> None:
    """The definition that SAM wrote into the API's body becomes separate resources."""
    resources = adapted(project)["Resources"]
    routes = [it["Properties"] for it in resources.values() if it["Type"] == "AWS::ApiGatewayV2::Route"]
    integrations = [name for name, it in resources.items() if it["Type"] == "AWS::ApiGatewayV2::Integration"]

    assert sorted(route["RouteKey"] for route in routes) == ["$default", "POST /auth/login"]
    assert integrations == ["HttpApiLoginFunctionIntegration"]
    assert all(route["AuthorizationType"] == "NONE" for route in routes)
    assert "Body" not in resources["HttpApi"]["Properties"]


def test_types_that_ministack_does_not_support_are_left_out(project: Path) -> None:
    """Those of the printed list, and no others."""
    resources = adapted(project)["Resources"]

    assert "Query" not in resources
    assert not {it["Type"] for it in resources.values()} & adapt.LEFT_OUT.keys()


def test_alarms_with_math_are_left_out(project: Path) -> None:
    """MiniStack refuses them; alarms on one metric are kept."""
    resources = adapted(project)["Resources"]

    assert [name for name, it in resources.items() if it["Type"] == "AWS::CloudWatch::Alarm"] == ["Count"]


def test_a_resource_that_needs_a_left_out_one_is_refused_by_name(project: Path) -> None:
    """CloudFormation's own error is less clear."""
    file = project / "template.yaml"
    file.write_text(file.read_text() + "Outputs: {Found: {Value: !Ref Query}}\n")

    with pytest.raises(stacks.TemplateProblem, match="Found needs Query"):
        adapted(project)


def test_a_nested_stack_is_adapted_and_deployed_from_its_new_path(project: Path) -> None:
    """Unsupported types are left out of it, too; the rest of the resource is kept."""
    file = project / "template.yaml"
    stack = "{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml, Parameters: {A: b}}}"
    file.write_text(file.read_text() + f"  Inner: {stack}\n")
    alarm = "{Type: AWS::CloudWatch::Alarm, Properties: {Namespace: AWS/Lambda, MetricName: Errors}}"
    query = "{Type: AWS::Logs::QueryDefinition, Properties: {Name: a, QueryString: b}}"
    (project / "inner.yaml").write_text(f"Resources: {{Count: {alarm}, Query: {query}}}\n")

    nested = adapt.nested_in(stacks.read(file), project)
    moved = adapt.with_nested(adapted(project), {"Inner": "http://s3/inner"})["Resources"]["Inner"]

    assert list(nested) == ["Inner"]
    assert list(nested["Inner"]["Resources"]) == ["Count"]
    assert moved["Properties"] == {"TemplateURL": "http://s3/inner", "Parameters": {"A": "b"}}


def test_a_secret_is_referred_to_by_its_arn(project: Path) -> None:
    """A Ref is the ARN in AWS, but a name in MiniStack."""
    variables = adapted(project)["Resources"]["LoginFunction"]["Properties"]["Environment"]["Variables"]

    assert variables == {"ADMIN": {"Fn::GetAtt": ["Admin", "Id"]}, "ALSO": {"Fn::Sub": "${Admin.Id}!"}}


def test_only_the_permission_to_send_email_is_widened(project: Path) -> None:
    """Every other statement is as in the template."""
    role = adapted(project)["Resources"]["LoginFunctionRole"]["Properties"]
    [policy] = role["Policies"]

    assert policy["PolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Action": ["ses:SendEmail"], "Resource": "*"},
        {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "queue"},
    ]


def test_code_is_zipped_without_third_party_packages(project: Path) -> None:
    """The functions find those in the environment that runs them."""
    code = adapt.code_of(stacks.read(project / "template.yaml"), project)

    assert sorted(code) == ["DependenciesLayer", "DomainLayer", "LoginFunction"]


def test_a_function_without_its_folder_is_refused_by_name(project: Path) -> None:
    """The message has the function and the folder."""
    (project / "functions" / "login" / "handler.py").unlink()
    (project / "functions" / "login").rmdir()

    with pytest.raises(
        stacks.TemplateProblem, match="LoginFunction names a folder that does not exist: functions/login"
    ):
        adapt.code_of(stacks.read(project / "template.yaml"), project)


def test_a_broken_template_is_refused_with_the_reason(project: Path) -> None:
    """Invalid YAML is reported to the person, without a traceback."""
    (project / "template.yaml").write_text("Resources: [")

    with pytest.raises(stacks.TemplateProblem, match=r"template\.yaml is not a template"):
        stacks.read(project / "template.yaml")


def test_two_builds_of_the_same_sources_have_the_same_shape(project: Path) -> None:
    """The hash in a layer's logical id and the path of the code are ignored."""
    one, other = adapted(project, "one"), adapted(project, "other")

    assert one != other
    assert comparable(one) == comparable(other)
    assert "DomainLayer" in comparable(one)["Resources"]


def test_another_setting_is_another_shape(project: Path) -> None:
    """Otherwise the comparison would prove nothing."""
    before = comparable(adapted(project))
    file = project / "template.yaml"
    file.write_text(file.read_text().replace("Path: /auth/login", "Path: /auth/log-in"))

    assert comparable(adapted(project)) != before


def api(operation: dict[str, Any], **body: Any) -> dict[str, Any]:
    """An API whose body has one route."""
    integration = {
        "httpMethod": "POST",
        "type": "aws_proxy",
        "uri": {"Fn::Sub": "functions/${Fn.Arn}/invocations"},
        "payloadFormatVersion": "2.0",
    }
    paths = {"/x": {"get": operation | {"x-amazon-apigateway-integration": integration}}}
    return {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": {"info": {"title": "t"}, "paths": paths, **body}}}


def test_another_api_keeps_its_own_host(project: Path) -> None:
    """Otherwise it would answer at the site's address."""
    file = project / "template.yaml"
    file.write_text(TEMPLATE.replace("HttpApi:", "OtherApi:").replace("!Ref HttpApi", "!Ref OtherApi"))

    assert not {it["Type"] for it in adapted(project)["Resources"].values()} & {"AWS::ApiGatewayV2::DomainName"}


def test_an_authorizer_without_identity_sources_has_an_empty_list() -> None:
    """An absent one would mean the header Authorization. SAM writes the list, OpenAPI nothing."""
    for sources in ({"identitySource": []}, {}):
        scheme = {"type": "request", "authorizerUri": "uri", **sources}
        schemes = {"Accounts": {"type": "apiKey", "x-amazon-apigateway-authorizer": scheme}}
        expanded = expand("Api", api({}, components={"securitySchemes": schemes}))

        assert expanded["ApiAccountsAuthorizer"]["Properties"]["IdentitySource"] == []


def test_an_authorizer_of_the_body_is_attached_to_its_route() -> None:
    """A Lambda authorizer with simple responses keeps its settings."""
    scheme = {
        "type": "request",
        "identitySource": "$request.header.Authorization, $request.header.X-API-KEY",
        "authorizerUri": "uri",
        "authorizerPayloadFormatVersion": "2.0",
        "enableSimpleResponses": True,
        "authorizerResultTtlInSeconds": 0,
    }
    schemes = {"Accounts": {"type": "apiKey", "x-amazon-apigateway-authorizer": scheme}}
    expanded = expand("Api", api({"security": [{"Accounts": []}]}, components={"securitySchemes": schemes}))

    assert expanded["ApiAccountsAuthorizer"]["Properties"] == {
        "ApiId": {"Ref": "Api"},
        "Name": "Accounts",
        "AuthorizerType": "REQUEST",
        "IdentitySource": ["$request.header.Authorization", "$request.header.X-API-KEY"],
        "AuthorizerUri": "uri",
        "AuthorizerPayloadFormatVersion": "2.0",
        "AuthorizerResultTtlInSeconds": 0,
        "EnableSimpleResponses": True,
    }
    assert expanded["ApiGetXRoute"]["Properties"]["AuthorizerId"] == {"Ref": "ApiAccountsAuthorizer"}


def test_cors_keeps_the_spelling_that_ministack_reads() -> None:
    """Lower camel case, as in the body."""
    expanded = expand("Api", api({}, **{"x-amazon-apigateway-cors": {"allowOrigins": ["*"]}}))

    assert json.dumps(expanded["Api"]["Properties"]["CorsConfiguration"]) == '{"allowOrigins": ["*"]}'


def test_a_conditional_path_is_refused_and_not_dropped() -> None:
    """A route that silently disappears would be noticed much later."""
    conditional = api({})
    conditional["Properties"]["Body"]["paths"]["/y"] = {"Fn::If": ["Condition", {}, {}]}

    with pytest.raises(NotUnderstood, match="/y is conditional"):
        expand("Api", conditional)
