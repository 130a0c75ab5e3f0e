"""The shape of a deployed stack: everything but its code, to compare two deployments."""

import json
import re
from collections.abc import Callable
from typing import Any

from local.adapt import layer_name
from local.http_api import Json
from local.stack import NAME
from scripts import stacks

_CODE = {
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
    "AWS::CloudFormation::Stack": "TemplateURL",
}


def shape_of(client: Callable[[str], Any]) -> Json:
    """Return the deployed stack: every resource with its properties, every output, and the same for nested stacks."""
    cloudformation = client("cloudformation")
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=NAME)
    resources = [it for page in pages for it in page["StackResourceSummaries"]]
    nested = {
        it["LogicalResourceId"]: _shape(cloudformation, it["PhysicalResourceId"])
        for it in resources
        if it["ResourceType"] == "AWS::CloudFormation::Stack"
    }
    return _shape(cloudformation, NAME) | {"Nested": nested}


def _shape(cloudformation: Any, stack: str) -> Json:  # noqa: ANN401 - boto3 makes its clients at run time
    body = cloudformation.get_template(StackName=stack)["TemplateBody"]
    return comparable(stacks.parsed(body) if isinstance(body, str) else body)


def comparable(template: Json) -> Json:
    """Return resources and outputs, without the parts that differ between two builds of the same sources."""
    resources = template["Resources"]
    layers = [name for name, resource in resources.items() if resource["Type"] == "AWS::Lambda::LayerVersion"]
    compared = {"Resources": {name: _without_code(it) for name, it in resources.items()}}
    text = json.dumps(compared | {"Outputs": template.get("Outputs", {})}, sort_keys=True)
    for name in layers:
        text = re.sub(rf"\b{name}\b", layer_name(name), text)
    shape: Json = json.loads(text)
    return shape


def _without_code(resource: Json) -> Json:
    code = _CODE.get(resource["Type"])
    properties = {name: value for name, value in resource.get("Properties", {}).items() if name != code}
    # SAM CLI writes build paths into the metadata.
    return {name: value for name, value in resource.items() if name != "Metadata"} | {"Properties": properties}
