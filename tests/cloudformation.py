"""The templates, parsed for tests, so that tests set up what SAM deploys, under the same names."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from scripts import stacks

ROOT = Path(__file__).parents[1]


@cache
def template(path: str = "template.yaml") -> dict[str, Any]:
    """A template with its short tags (``!Ref``) in long form."""
    return stacks.read(ROOT / path)


def resources(kind: str, path: str = "template.yaml") -> dict[str, dict[str, Any]]:
    """The properties of every resource of that type, by logical id."""
    found = template(path)["Resources"].items()
    return {name: resource.get("Properties", {}) for name, resource in found if resource["Type"] == kind}


def statements(function: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of the policy among a function's properties."""
    found: list[dict[str, Any]] = function.get("Policies", {}).get("Statement", [])
    return found


def monitoring(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of that type in the nested stack, by logical id."""
    return resources(kind, "monitoring/template.yaml")


def tables() -> list[dict[str, Any]]:
    """Arguments for ``CreateTable``; each table is named by its logical id."""
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    return [
        {"TableName": name, **{key: table[key] for key in wanted if key in table}}
        for name, table in resources("AWS::DynamoDB::Table").items()
    ]


def environment(parameters: dict[str, str]) -> dict[str, str]:
    """The functions' environment: these parameters, the others at their defaults, resources by logical id."""
    declared = template()["Parameters"].items()
    defaults = {name: str(parameter["Default"]) for name, parameter in declared if "Default" in parameter}
    values = {name: name for name in template()["Resources"]} | {"AWS::StackName": "accounts"} | defaults | parameters
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    set_here = {name: value for name, value in variables.items() if value != {"Ref": "AWS::NoValue"}}
    return {name: _resolved(value, values) for name, value in set_here.items()}


def _resolved(value: Any, values: dict[str, str]) -> str:
    match value:
        case {"Ref": name}:
            return values[name]
        case {"Fn::If": [_, _, otherwise]}:  # every condition is false
            return _resolved(otherwise, values)
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: values[found[1]], text)
        case {"Fn::Join": [separator, list() as parts]}:
            joined: str = separator.join(_resolved(part, values) for part in parts)
            return joined
        case {"Fn::Join": [_, {"Ref": name}]}:
            return values[name]
        case _:
            return str(value)
