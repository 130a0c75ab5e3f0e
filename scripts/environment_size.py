"""Whether the functions' environment fits into Lambda's limit, before anything is built."""

from collections.abc import Mapping
from typing import Any

from scripts.samconfig import Profile

# Names and values together (Lambda quotas).
_LIMIT_BYTES = 4096
# CloudFormation adds a hyphen and this many characters to a name.
_SUFFIX = 13
_ACCOUNT = "123456789012"
_NAMES = {
    "AWS::SQS::Queue": "https://sqs.{region}.amazonaws.com/{account}/{name}",
    "AWS::SNS::Topic": "arn:aws-us-gov:sns:{region}:{account}:{name}",
    "AWS::SecretsManager::Secret": "arn:aws-us-gov:secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
    "AWS::KMS::Key": "12345678-1234-1234-1234-123456789012",
}


def problem(template: Mapping[str, Any], profile: Profile, before: Mapping[str, str]) -> str | None:
    """One sentence if the environment is too large with the profile's parameters; None if it fits."""
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    values = _parameters(template, profile, before) | _names(template, profile)
    sizes = {name: len(name) + len(_text(value, values).encode()) for name, value in variables.items()}
    total = sum(sizes.values())
    if total <= _LIMIT_BYTES:
        return None
    longest = sorted(sizes, key=lambda name: -sizes[name])[:3]
    said = ", ".join(f"{name} {sizes[name]}" for name in longest)
    return (
        f"environment variables: they take up to {total} bytes, and Lambda allows {_LIMIT_BYTES}. Shorten the longest:"
        f" {said}."
    )


def _parameters(template: Mapping[str, Any], profile: Profile, before: Mapping[str, str]) -> dict[str, str]:
    defaults = {name: str(it.get("Default", "")) for name, it in template["Parameters"].items()}
    return defaults | dict(before) | dict(profile.overrides)


def _names(template: Mapping[str, Any], profile: Profile) -> dict[str, str]:
    """What a reference to each resource becomes, at its longest."""
    here = {"region": profile.region, "account": _ACCOUNT}
    named = {name: f"{profile.stack}-{name}-{'x' * (_SUFFIX - 1)}" for name in template["Resources"]}
    types = {name: it["Type"] for name, it in template["Resources"].items()}
    return {name: _NAMES.get(types[name], "{name}").format(name=named[name], **here) for name in named} | {
        "AWS::StackName": profile.stack,
        "AWS::NoValue": "",
    }


def _text(value: Any, values: Mapping[str, str]) -> str:  # noqa: ANN401 - a value of a template
    """The value as text; of two alternatives the first, which is the longer one here."""
    match value:
        case {"Ref": name}:
            return values[name]
        case {"Fn::If": [_, then, _]}:
            return _text(then, values)
        case {"Fn::Join": [_, inner]}:
            return _text(inner, values)
        case _:
            return str(value)
