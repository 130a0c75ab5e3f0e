"""Reads template files, and the outputs and parameters of stacks, for the scripts and for the local cloud."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import intrinsics_multi_constructor

Json = dict[str, Any]
PROJECT = Path(__file__).resolve().parent.parent


class TemplateProblem(Exception):
    """Why the template cannot be deployed."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads short tags, as SAM's own parser does; with libyaml, in an eighth of its time."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


def parsed(text: str) -> Any:  # noqa: ANN401 - of a template, a dictionary
    """Return the content of a template, with its short tags (``!Ref``) in long form."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader


def read(path: Path) -> Json:
    """Read a template; raises TemplateProblem."""
    try:
        template = parsed(path.read_text(encoding="utf-8"))
    except Exception as error:
        raise TemplateProblem(f"{path.name} is not a template: {error}") from error
    if not isinstance(template, dict) or "Resources" not in template:
        raise TemplateProblem(f"{path.name} has no Resources")
    return template


def described(cloudformation: Any, stack: str) -> Json:  # noqa: ANN401 - boto3 makes its clients at run time
    """Return the stack as CloudFormation describes it; raises ClientError if there is none."""
    found: Json = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return found


def outputs_of(cloudformation: Any, stack: str) -> dict[str, str]:  # noqa: ANN401
    """Return a stack's outputs by name."""
    return outputs_in(described(cloudformation, stack))


def outputs_in(described: Mapping[str, Any]) -> dict[str, str]:
    """The outputs of a stack as CloudFormation describes it."""
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def parameters_of(cloudformation: Any, stack: str) -> dict[str, str]:  # noqa: ANN401
    """Return a stack's parameters by name."""
    return parameters_in(described(cloudformation, stack))


def parameters_in(described: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a stack as CloudFormation describes it."""
    return {given["ParameterKey"]: given["ParameterValue"] for given in described.get("Parameters", [])}
