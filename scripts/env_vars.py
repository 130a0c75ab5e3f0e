"""Prepares `sam local`, which runs functions in Docker, for the emulated AWS of the running `make dev`.

Writes three files into `.local/env-vars`: `invoke.json`, for the samples in `events/`, which are requests to
https://accounts.example.com; `start-api.json`, for the site that SAM CLI serves; and `arguments`, with which a
container reaches this machine.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from local import KEEP, PROJECT
from local.cloud import LocalCloud, NotRunning
from local.processes import NotAPort

FOLDER = KEEP / "env-vars"
SITES = {"invoke": "https://accounts.example.com", "start-api": "http://127.0.0.1:3000"}
"""SITE_URL for each `sam local` command."""


class CannotInvoke(Exception):
    """Why the functions cannot be invoked, as a message for the developer."""


def endpoint(port: int, platform: str = sys.platform) -> str:
    """The emulated AWS as a container reaches it: by the host's network on Linux, by Docker's host name elsewhere."""
    return f"http://{'localhost' if platform == 'linux' else 'host.docker.internal'}:{port}"


def arguments(platform: str = sys.platform) -> list[str]:
    """Additional arguments for SAM CLI."""
    return ["--docker-network", "host"] if platform == "linux" else []


def variables(cloud: LocalCloud, site_url: str) -> dict[str, str]:
    """The environment variables of the functions, with their values in the local cloud."""
    deployed = next(iter(cloud.function_names()))
    settings = cloud.client("lambda").get_function_configuration(FunctionName=deployed)
    found: Mapping[str, str] = settings["Environment"]["Variables"]
    return {**found, "SITE_URL": site_url, "AWS_ENDPOINT_URL": endpoint(cloud.port)}


def write(cloud: LocalCloud, folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, site_url in SITES.items():
        # `Parameters` applies to every function.
        text = json.dumps({"Parameters": variables(cloud, site_url)}, indent=1, sort_keys=True)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    (folder / "arguments").write_text(" ".join(arguments()), encoding="utf-8")


def demand_samples(functions: Sequence[str]) -> None:
    """Raise CannotInvoke for a function without a sample event."""
    samples = {path.stem for path in (PROJECT / "events").glob("*.json")}
    for function in functions:
        if function not in samples:
            raise CannotInvoke(f"there is no events/{function}.json. Functions: {' '.join(sorted(samples))}")


def main(asked: list[str]) -> int:
    """Write the files for the running `make dev`. ``asked`` is empty, or names the function to invoke."""
    try:
        demand_samples(asked)
        write(LocalCloud.running())
    except (CannotInvoke, NotAPort, NotRunning) as problem:
        print(f"sam local: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
