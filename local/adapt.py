"""Translate `template.yaml` as SAM does, and adapt it where MiniStack differs from AWS.

Every difference from a deployment into AWS is in this module and the two that it calls, `http_api` and `rewrites`, but
for the code of one function: `document_function` finds hosts that this machine plays.
"""

import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform

from local import packages, rewrites
from local.emulator import REGION
from local.http_api import Json, Resources, expand
from local.packages import Package
from scripts import stacks
from scripts.stacks import TemplateProblem

LEFT_OUT = {
    "AWS::Logs::QueryDefinition": "MiniStack does not know the type",
    "AWS::SQS::QueuePolicy": "it denies requests without TLS, and there is none on this machine",
}
"""Types that are not deployed here, each with the reason. No function needs one.

Alarms on metric math (``Metrics``) are left out, too: MiniStack does not evaluate it.
"""

# It warns of "unpublished metrics" after each template: usage figures that it does not send anywhere.
logging.getLogger("samtranslator.metrics").setLevel(logging.CRITICAL)

_FUNCTION = "AWS::Serverless::Function"
_LAYER = "AWS::Serverless::LayerVersion"
_STACK = "AWS::CloudFormation::Stack"


def code_of(template: Json, folder: Path) -> dict[str, Package]:
    """Zip the source folder of each function and layer of an unbuilt template."""
    found = {}
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == _FUNCTION:
            found[name] = packages.of_function(name, _source(folder, name, properties["CodeUri"]))
        elif resource["Type"] == _LAYER:
            found[name] = _layer(name, resource, folder)
    return found


def nested_in(template: Json, folder: Path) -> dict[str, Json]:
    """Return the adapted template of each nested stack by its logical id."""
    return {
        name: adapt(stacks.read(folder / resource["Properties"]["TemplateURL"]))
        for name, resource in template["Resources"].items()
        if resource["Type"] == _STACK
    }


def with_nested(template: Json, urls: Mapping[str, str]) -> Json:
    """Return the template with these URLs of its nested stacks' templates."""
    found = template["Resources"]
    moved = {
        name: found[name] | {"Properties": found[name]["Properties"] | {"TemplateURL": url}}
        for name, url in urls.items()
    }
    return template | {"Resources": found | moved}


def is_third_party(name: str) -> bool:
    """Whether a layer holds third-party packages. Local functions import those from the project's own environment.

    MiniStack's workers run under the project's interpreter, and the layer that is built for AWS has binaries for arm64.
    """
    return name == "DependenciesLayer"


def layer_name(logical_id: str) -> str:
    """Return a translated layer's logical id without the hash that SAM appends."""
    return re.sub(r"[0-9a-f]{10}$", "", logical_id)


def _layer(name: str, resource: Json, folder: Path) -> Package:
    if is_third_party(name):
        return packages.placeholder(name)
    return packages.of_layer(name, _source(folder, name, resource["Properties"]["ContentUri"]))


def _source(folder: Path, name: str, uri: str) -> Path:
    source = folder / uri
    if not source.is_dir():
        raise TemplateProblem(f"{name} names a folder that does not exist: {uri}")
    return source


def translate(template: Json, locate: Callable[[str], Json], parameters: Mapping[str, str]) -> Json:
    """Expand a SAM template as CloudFormation does; `locate` returns where a resource's code is in S3."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == _FUNCTION:
            resource["Properties"]["CodeUri"] = locate(name)
        elif resource["Type"] == _LAYER:
            resource["Properties"]["ContentUri"] = locate(name)
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # The translator asks for a partition.
    try:
        translated: Json = transform(template, dict(parameters), _NoManagedPolicies())
    except Exception as error:
        raise TemplateProblem(f"SAM refuses the template: {getattr(error, 'message', error)}") from error
    return translated


class _NoManagedPolicies:
    """The translator resolves names of managed policies with AWS; the template names none."""

    def load(self) -> dict[str, str]:
        return {}


def adapt(translated: Json) -> Json:
    """Return the translated template without what MiniStack lacks, and with the routes that it does not read."""
    translated = rewrites.rewrite(translated)
    resources: Resources = {}
    for name, resource in translated["Resources"].items():
        if resource["Type"] in LEFT_OUT or _is_computed_alarm(resource):
            continue
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and "Body" in resource["Properties"]:
            resources |= expand(name, resource)
        elif resource["Type"] == "AWS::Lambda::LayerVersion":
            # Otherwise each edit of the domain would keep its layer in the state forever.
            resources[name] = resource | {"DeletionPolicy": "Delete"}
        else:
            resources[name] = resource
    adapted = translated | {"Resources": resources}
    _refuse_dangling(translated, adapted)
    return adapted


def _is_computed_alarm(resource: Json) -> bool:
    return resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]


def _refuse_dangling(translated: Json, adapted: Json) -> None:
    """Raise TemplateProblem if a resource refers to one that is left out: CloudFormation says it less clearly."""
    for name in translated["Resources"].keys() - adapted["Resources"].keys():
        users = [user for user, resource in adapted["Resources"].items() if _refers(resource, name)]
        users += [user for user, output in adapted.get("Outputs", {}).items() if _refers(output, name)]
        if users:
            raise TemplateProblem(f"{', '.join(users)} needs {name}, which is left out here")


def _refers(node: Any, name: str) -> bool:  # noqa: ANN401  # any JSON
    text = json.dumps(node)
    return any(mark in text for mark in (f'"Ref": "{name}"', f'"Fn::GetAtt": ["{name}"', f"${{{name}}}", f"${{{name}."))
