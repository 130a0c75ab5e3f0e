"""Deploy into the local cloud with `sam build` and `sam deploy`. `make dev-sam` runs it.

`make dev` deploys the unbuilt sources, in a second or two. This module shows that SAM builds and deploys the same stack
from the same template (`local.shape` compares). It plays no hosts: the
scanner's list of keys is the one of GitHub.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local import adapt
from local.cloud import LocalCloud
from local.emulator import environment_for_aws
from local.http_api import Json, Resources
from local.processes import NotAPort
from local.running import NotRunning
from scripts import sam_cli, stacks
from scripts.stacks import TemplateProblem

_BUCKET = "comfy-accounts-sam"
"""The bucket of the profile `local` in samconfig.toml."""
_NO_CODE: Json = {"Bucket": "placeholder", "Key": "placeholder"}


class SamFailed(Exception):
    """SAM CLI is missing, or failed with this output."""


def is_installed() -> bool:
    return sam_cli.PROGRAM.exists()


def deploy(cloud: LocalCloud) -> None:
    """Build the project with SAM and deploy it into a running local cloud."""
    build = cloud.project / ".aws-sam" / "build"
    parameters = cloud.parameters_now()
    _sam(cloud.project, "build", "--cached")
    adapted = build / "local.yaml"
    adapted.write_text(json.dumps(adapted_build(build, parameters), indent=1))
    settings = ["--config-env", "local", "--config-file", str(cloud.project / "samconfig.toml")]
    # In a file: on the command line SAM CLI splits values at spaces and accepts no empty ones.
    overrides = build / "parameters.yaml"
    overrides.write_text(json.dumps(_declared(adapted, parameters)))  # JSON is YAML
    cloud.prepare()
    cloud.client("s3").create_bucket(Bucket=_BUCKET)
    command = ["deploy", *settings, "--template-file", str(adapted), "--parameter-overrides", f"file://{overrides}"]
    _sam(cloud.project, *command, environment=environment_for_aws(cloud.endpoint_url))
    cloud.after_deploy()


def adapted_build(build: Path, parameters: Mapping[str, str]) -> Json:
    """Return the template that `sam build` wrote, adapted to the local cloud, with folders as code."""
    template = stacks.read(build / "template.yaml")
    folders = {name: _folder(build, name, resource) for name, resource in template["Resources"].items()}
    translated = adapt.translate(template, lambda _: dict(_NO_CODE), parameters)
    adapted = adapt.with_nested(adapt.adapt(translated), _written(adapt.nested_in(template, build), build))
    resources: Resources = adapted["Resources"]
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = folders[name]
        elif resource["Type"] == "AWS::Lambda::LayerVersion":
            resource["Properties"]["Content"] = folders[adapt.layer_name(name)]
    return adapted


def _written(nested: Mapping[str, Json], build: Path) -> dict[str, str]:
    """Write the nested stacks' templates into the build, where SAM CLI uploads them from; return their file names."""
    for name, template in nested.items():
        (build / f"{name}.yaml").write_text(json.dumps(template, indent=1))  # which is YAML, too
    return {name: f"{name}.yaml" for name in nested}


def _folder(build: Path, name: str, resource: Json) -> str:
    properties = resource.get("Properties", {})
    if adapt.is_third_party(name):
        empty = build / "empty-layer" / "python"
        empty.mkdir(parents=True, exist_ok=True)
        (empty / "README").write_text("Left empty on purpose.\n")
        return "empty-layer"
    return str(properties.get("CodeUri") or properties.get("ContentUri") or "")


def _declared(template: Path, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that the template has."""
    declared = json.loads(template.read_text()).get("Parameters", {})
    return {name: value for name, value in parameters.items() if name in declared}


def _sam(project: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
    if not is_installed():
        raise SamFailed("SAM CLI is not installed: run `make .venv-sam/.installed`")
    variables = {**sam_cli.environment(), **(environment or {})}
    command = [str(sam_cli.PROGRAM), *arguments]
    done = subprocess.run(  # noqa: S603  # our own SAM CLI
        command, cwd=project, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise SamFailed(f"sam {arguments[0]} failed:\n{done.stdout}")


def main() -> int:
    """Deploy into the cloud that `make dev` runs."""
    try:
        cloud = LocalCloud.running()
        print("Building with SAM, then deploying into the running local cloud (about a minute)")
        deploy(cloud)
    except (NotAPort, NotRunning, SamFailed, TemplateProblem) as problem:
        print(f"make dev-sam: {problem}", file=sys.stderr)
        return 1
    print(f"Deployed: {cloud.site_url}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
