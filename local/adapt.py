"""What the local cloud makes of `template.yaml`: translated as SAM would, and changed only where MiniStack differs.

Everything that is different from a deployment into AWS is here and in the two modules it calls, `http_api` and
`rewrites`, and nowhere else.
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
from local.processes import LOOPBACK
from scripts import stacks
from scripts.stacks import TemplateProblem

LEFT_OUT = {
    "AWS::Budgets::Budget": "MiniStack does not know the type",
    "AWS::Logs::QueryDefinition": "MiniStack does not know the type",
}
"""Types that are not deployed here, each with the reason. They only watch a real account: no function needs one.

Besides them, alarms over more than one metric (``Metrics``): MiniStack computes none.
"""

# It warns of "unpublished metrics" each time it is done with a template: usage figures that it would send nowhere.
logging.getLogger("samtranslator.metrics").setLevel(logging.CRITICAL)

_FUNCTION = "AWS::Serverless::Function"
_LAYER = "AWS::Serverless::LayerVersion"
_STACK = "AWS::CloudFormation::Stack"


def code_of(template: Json, folder: Path) -> dict[str, Package]:
    """Zip what each function and layer of an un-built template names as its source."""
    found = {}
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == _FUNCTION:
            found[name] = packages.of_function(name, _source(folder, name, properties["CodeUri"]))
        elif resource["Type"] == _LAYER:
            found[name] = _layer(name, resource, folder)
    return found


def nested_in(template: Json, folder: Path) -> dict[str, Json]:
    """Return the template of each nested stack as it is deployed here, by the stack's name in the template."""
    return {
        name: adapt(stacks.read(folder / resource["Properties"]["TemplateURL"]))
        for name, resource in template["Resources"].items()
        if resource["Type"] == _STACK
    }


def with_nested(template: Json, urls: Mapping[str, str]) -> Json:
    """Return the template with its nested stacks' templates at these addresses."""
    found = template["Resources"]
    moved = {
        name: found[name] | {"Properties": found[name]["Properties"] | {"TemplateURL": url}}
        for name, url in urls.items()
    }
    return template | {"Resources": found | moved}


def is_third_party(name: str) -> bool:
    """Tell whether a layer holds third-party packages: here the functions find those in our own environment.

    MiniStack's workers run under our interpreter, and the layer that is built for AWS holds binaries for arm64.
    """
    return name == "DependenciesLayer"


def layer_name(logical_id: str) -> str:
    """Return the name in the template of a translated layer: SAM adds a hash of its content."""
    return re.sub(r"[0-9a-f]{10}$", "", logical_id)


def _layer(name: str, resource: Json, folder: Path) -> Package:
    if is_third_party(name):
        return packages.placeholder(name)
    return packages.of_layer(name, _source(folder, name, resource["Properties"]["ContentUri"]))


def _source(folder: Path, name: str, uri: str) -> Path:
    source = folder / uri
    if not source.is_dir():
        raise TemplateProblem(f"{name} names a folder that is not there: {uri}")
    return source


def translate(template: Json, locate: Callable[[str], Json], parameters: Mapping[str, str]) -> Json:
    """Do what CloudFormation does with a SAM template; `locate` says in which bucket a resource's code is."""
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
    """The translator asks AWS for the ARNs of managed policies that are named without one; ours name none."""

    def load(self) -> dict[str, str]:
        """Return nothing."""
        return {}


def adapt(translated: Json) -> Json:
    """Return the translated template as it is deployed here."""
    translated = rewrites.rewrite(translated)
    resources: Resources = {}
    for name, resource in translated["Resources"].items():
        if resource["Type"] in LEFT_OUT or _is_computed_alarm(resource):
            continue
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and "Body" in resource["Properties"]:
            resources |= expand(name, resource) | _at_the_root(name)
        elif resource["Type"] == "AWS::Lambda::LayerVersion":
            # Else each edit of the domain would leave its layer in the state for ever.
            resources[name] = resource | {"DeletionPolicy": "Delete"}
        else:
            resources[name] = resource
    adapted = translated | {"Resources": resources}
    _refuse_dangling(translated, adapted)
    return adapted


def _is_computed_alarm(resource: Json) -> bool:
    return resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]


def _at_the_root(api_id: str) -> Resources:
    """Serve the API at the root of the loopback address, as a custom domain does in AWS."""
    certificate = f"arn:aws:acm:{REGION}:000000000000:certificate/none-needed-on-loopback"
    domain = {
        "DomainName": LOOPBACK,
        "DomainNameConfigurations": [{"CertificateArn": certificate, "EndpointType": "REGIONAL"}],
    }
    mapping = {
        "ApiId": {"Ref": api_id},
        "DomainName": {"Ref": f"{api_id}LoopbackDomain"},
        "Stage": {"Ref": f"{api_id}ApiGatewayDefaultStage"},
    }
    return {
        f"{api_id}LoopbackDomain": {"Type": "AWS::ApiGatewayV2::DomainName", "Properties": domain},
        f"{api_id}LoopbackMapping": {"Type": "AWS::ApiGatewayV2::ApiMapping", "Properties": mapping},
    }


def _refuse_dangling(translated: Json, adapted: Json) -> None:
    """Say it here, in our words, when something that stays needs something that is left out."""
    for name in translated["Resources"].keys() - adapted["Resources"].keys():
        users = [user for user, resource in adapted["Resources"].items() if _refers(resource, name)]
        users += [user for user, output in adapted.get("Outputs", {}).items() if _refers(output, name)]
        if users:
            raise TemplateProblem(f"{', '.join(users)} needs {name}, which is left out here")


def _refers(node: Any, name: str) -> bool:  # noqa: ANN401  # any JSON
    text = json.dumps(node)
    return any(mark in text for mark in (f'"Ref": "{name}"', f'"Fn::GetAtt": ["{name}"', f"${{{name}}}", f"${{{name}."))
