"""What `sam local` needs to run functions in Docker on the emulated AWS of the running `make dev`.

Writes two files for `--env-vars` into `.local/env-vars`, and the arguments that let a container find this machine:
`invoke.json` for the samples in `events/`, which come from https://accounts.example.com, and `start-api.json` for the
site that SAM CLI serves itself.
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
"""Which site the functions are told to be, by what is going to call them."""


class CannotInvoke(Exception):
    """What is in the way, for a person."""


def endpoint(port: int, platform: str = sys.platform) -> str:
    """Where a container finds the emulated AWS: on Linux it shares our network, elsewhere Docker has a name for it."""
    return f"http://{'localhost' if platform == 'linux' else 'host.docker.internal'}:{port}"


def arguments(platform: str = sys.platform) -> list[str]:
    """What SAM CLI is told besides."""
    return ["--docker-network", "host"] if platform == "linux" else []


def variables(cloud: LocalCloud, site_url: str) -> dict[str, str]:
    """Every variable of the functions, with the value that it has in the local cloud."""
    deployed = next(iter(cloud.function_names()))
    settings = cloud.client("lambda").get_function_configuration(FunctionName=deployed)
    found: Mapping[str, str] = settings["Environment"]["Variables"]
    return {**found, "SITE_URL": site_url, "AWS_ENDPOINT_URL": endpoint(cloud.port)}


def write(cloud: LocalCloud, folder: Path = FOLDER) -> None:
    """Write the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, site_url in SITES.items():
        # Under `Parameters` they hold for every function.
        text = json.dumps({"Parameters": variables(cloud, site_url)}, indent=1, sort_keys=True)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    (folder / "arguments").write_text(" ".join(arguments()), encoding="utf-8")


def demand_samples(functions: Sequence[str]) -> None:
    """Raise CannotInvoke for a function that has no sample."""
    samples = {path.stem for path in (PROJECT / "events").glob("*.json")}
    for function in functions:
        if function not in samples:
            raise CannotInvoke(f"there is no events/{function}.json. Functions: {' '.join(sorted(samples))}")


def main(asked: list[str]) -> int:
    """Write them for the `make dev` that runs; ``asked`` names the function that is going to be invoked, if one is."""
    try:
        demand_samples(asked)
        write(LocalCloud.running())
    except (CannotInvoke, NotAPort, NotRunning) as problem:
        print(f"sam local: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
