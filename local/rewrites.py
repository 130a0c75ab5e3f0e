"""Rewrites a translated template where MiniStack interprets a property differently from AWS."""

import re
from typing import Any

from local.http_api import Json


def rewrite(template: Json) -> Json:
    """Return the template with all rewrites."""
    return own_log_groups(mail_from_anywhere(secrets_by_arn(template)))


def secrets_by_arn(template: Json) -> Json:
    """Replace each Ref to a secret by its attribute ``Id``, the ARN.

    A Ref is the ARN in AWS; in MiniStack it is a name, which no policy matches.
    """
    secrets = {name for name, it in template["Resources"].items() if it["Type"] == "AWS::SecretsManager::Secret"}

    def by_arn(node: Any) -> Any:  # noqa: ANN401  # any JSON
        if isinstance(node, list):
            return [by_arn(item) for item in node]
        if not isinstance(node, dict):
            return node
        if node.keys() == {"Ref"} and node["Ref"] in secrets:
            return {"Fn::GetAtt": [node["Ref"], "Id"]}
        return {key: _name_id(value, secrets) if key == "Fn::Sub" else by_arn(value) for key, value in node.items()}

    return {key: by_arn(value) if key in ("Resources", "Outputs") else value for key, value in template.items()}


def _name_id(sub: Any, secrets: set[str]) -> Any:  # noqa: ANN401  # a string, or a list of a string and variables
    if isinstance(sub, list):
        return [_name_id(sub[0], secrets), *sub[1:]]
    return re.sub(r"\$\{(\w+)\}", lambda found: f"${{{found[1]}.Id}}" if found[1] in secrets else found[0], sub)


def own_log_groups(template: Json) -> Json:
    """Give each function a log group of its own.

    In a shared group, AWS puts the function's name into the stream's name. MiniStack does not, so that nothing would
    tell which function wrote a traceback.
    """
    resources = {
        name: _without(resource, "LoggingConfig") if resource["Type"] == "AWS::Lambda::Function" else resource
        for name, resource in template["Resources"].items()
    }
    return template | {"Resources": resources}


def mail_from_anywhere(template: Json) -> Json:
    """Allow roles that may send email to send it from any identity.

    AWS checks `ses:SendEmail` against the identity, the configuration set and the sender (`ses:FromAddress`). MiniStack
    checks it against `*` without a sender, so that a narrower policy allows nothing.
    """
    resources = {
        name: _with_open_mail(resource) if resource["Type"] == "AWS::IAM::Role" else resource
        for name, resource in template["Resources"].items()
    }
    return template | {"Resources": resources}


def _with_open_mail(role: Json) -> Json:
    policies = [
        policy | {"PolicyDocument": document | {"Statement": [_open(it) for it in document["Statement"]]}}
        for policy in role["Properties"].get("Policies", [])
        for document in [policy["PolicyDocument"]]
    ]
    return role | {"Properties": role["Properties"] | ({"Policies": policies} if policies else {})}


def _open(statement: Json) -> Json:
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    if not all(action.startswith("ses:Send") for action in actions):
        return statement
    return {key: value for key, value in statement.items() if key != "Condition"} | {"Resource": "*"}


def _without(resource: Json, name: str) -> Json:
    properties = {key: value for key, value in resource["Properties"].items() if key != name}
    return resource | {"Properties": properties}
