"""Builds the functions with SAM CLI for the processor that Docker runs on. `make deploy` builds for Lambda's arm64."""

import json
from pathlib import Path

from local import PROJECT
from scripts import stacks
from scripts.sam_local import FOLDER
from scripts.stacks import Json

_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's processors, as Python wheels name them."""


def template_for(architecture: str) -> Json:
    """Return the template for another processor, without what `sam local` does not run: monitoring and outputs."""
    template = stacks.read(PROJECT / "template.yaml")
    template["Globals"]["Function"]["Architectures"] = [architecture]
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Metadata"]["BuildArchitecture"] = architecture
            resource["Properties"]["CompatibleArchitectures"] = [architecture]
    kept = {name: it for name, it in template["Resources"].items() if it["Type"] != "AWS::CloudFormation::Stack"}
    return {name: it for name, it in template.items() if name != "Outputs"} | {"Resources": kept}


def built(folder: Path) -> Path:
    """Return the folder in `folder` that holds what SAM CLI built."""
    return folder / "build"


def command(folder: Path, architecture: str, function: str = "") -> list[str]:
    """Write the template; return the arguments of SAM CLI that build it, or only one function and its layers.

    Building one function removes the others from the folder.
    """
    template = folder / "template.json"
    folder.mkdir(parents=True, exist_ok=True)
    template.write_text(json.dumps(template_for(architecture)), encoding="utf-8")
    folders = ["--base-dir", str(PROJECT), "--build-dir", str(built(folder)), "--cache-dir", str(FOLDER / "cache")]
    only = [logical_id(function)] if function else []
    return ["build", *only, "--template", str(template), *folders, "--cached", "--parallel"]


def environment(architecture: str) -> dict[str, str]:
    """Return the variables for the layers' Makefiles."""
    return {"LAYER_MACHINE": _MACHINES[architecture]}


def logical_id(function: str) -> str:
    """Turn `session_revoke` into `SessionRevokeFunction`."""
    return "".join(word.capitalize() for word in function.split("_")) + "Function"


def descriptions() -> dict[str, str]:
    """Return what each function does, by its folder."""
    resources = stacks.read(PROJECT / "template.yaml")["Resources"].values()
    functions = [it["Properties"] for it in resources if it["Type"] == "AWS::Serverless::Function"]
    return {Path(it["CodeUri"]).name: str(it.get("Description", "")) for it in functions}
