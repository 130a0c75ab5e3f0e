"""The functions' environment variables, for Docker and for the preparation in this process."""

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from local.cloud import LocalCloud
from local.processes import LOOPBACK

AWS_HOST = "host.docker.internal"
"""The emulated AWS, as containers name it; `make dev` expects this name."""
_STAND_INS = {"GOOGLE_ENDPOINT": "google.localhost", "GITHUB_ENDPOINT": "github.localhost"}
"""The stand-ins, as containers and browsers name them. The service accepts only a name of the loopback address."""


def of_cloud(cloud: LocalCloud, site_url: str) -> dict[str, str]:
    """Return the deployed functions' variables as they are on this machine, but for another site."""
    deployed = next(iter(cloud.function_names()))
    configuration = cloud.client("lambda").get_function_configuration(FunctionName=deployed)
    found: Mapping[str, str] = configuration["Environment"]["Variables"]
    return {**found, "SITE_URL": site_url, "AWS_ENDPOINT_URL": cloud.endpoint_url}


def in_container(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with names that lead from a container to this machine."""
    port = urlsplit(settings["AWS_ENDPOINT_URL"]).port
    renamed = {
        name: f"http://{host}:{urlsplit(settings[name]).port}"
        for name, host in _STAND_INS.items()
        if _is_here(settings.get(name, ""))
    }
    return {**settings, "AWS_ENDPOINT_URL": f"http://{AWS_HOST}:{port}", **renamed}


def hosts(settings: Mapping[str, str]) -> dict[str, int]:
    """Return the port of each host name that the container's settings lead to."""
    urls = [settings["AWS_ENDPOINT_URL"], *(settings.get(name, "") for name in _STAND_INS)]
    parts = [urlsplit(url) for url in urls if url]
    return {str(it.hostname): it.port for it in parts if it.hostname in {AWS_HOST, *_STAND_INS.values()} and it.port}


def write(settings: Mapping[str, str], file: Path) -> None:
    """Write the file for `--env-vars`. `Parameters` applies to every function."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"Parameters": dict(settings)}, indent=1, sort_keys=True), encoding="utf-8")


def _is_here(url: str) -> bool:
    return urlsplit(url).hostname in {LOOPBACK, "localhost"}
