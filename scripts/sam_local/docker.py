"""What Docker says about itself: whether it runs, for which processor, and how its containers reach this machine."""

import ipaddress
import json
import shutil
import socket
import subprocess
from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from msgspec import Struct

from scripts.sam_local import CannotRun

type Ask = Callable[..., str]

_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
"""Docker's names of processors, as Lambda calls them."""
_IMAGE = "public.ecr.aws/lambda/python"
_NOT_INSTALLED = "the command `docker` is not installed"
_HOST_GATEWAY = "host-gateway"
"""Docker's own word for the address of the machine that it runs on."""


class DockerRefused(Exception):
    """What Docker said when it did not do what it was asked."""


class Bridge(Struct, frozen=True):
    """The network of the containers on this machine; ``address`` is this machine's own in it."""

    address: str
    network: IPv4Network


class Docker(Struct, frozen=True):
    """``architecture`` is the processor's name in Lambda; ``bridge`` is None if Docker has its own way to the host."""

    architecture: str
    bridge: Bridge | None
    ask: Ask

    @property
    def host_address(self) -> str:
        """The address at which a container finds this machine, for `--add-host`."""
        return self.bridge.address if self.bridge else _HOST_GATEWAY

    @property
    def image(self) -> str:
        """Lambda's public image for this processor."""
        return f"{_IMAGE}:3.13-{self.architecture}"

    def has_image(self) -> bool:
        try:
            self.ask("image", "inspect", self.image)
        except DockerRefused:
            return False
        return True

    def remove_containers(self, build: Path) -> int:
        """Remove the containers that run code from `build`, which SAM CLI leaves when it is killed; return how many."""
        listed = self.ask("ps", "--all", "--quiet", "--no-trunc").split()
        described = json.loads(self.ask("inspect", *listed)) if listed else []
        left = [it["Id"] for it in described if _runs_code_from(build, it)]
        if left:
            self.ask("rm", "--force", *left)
        return len(left)


def find(ask: Ask | None = None, is_own_address: Callable[[str], bool] | None = None) -> Docker:
    """Return the Docker of this machine; raises CannotRun."""
    ask, is_own_address = ask or _run, is_own_address or _is_own_address
    try:
        info = _info(ask)
        return Docker(_architecture(info), _bridge(info, ask, is_own_address), ask)
    except DockerRefused as problem:
        raise CannotRun(
            f"SAM CLI runs functions in Docker, which does not answer: {problem}\n{_remedy(str(problem))} "
            "Without Docker, use `make dev`."
        ) from problem


def _remedy(problem: str) -> str:
    if problem == _NOT_INSTALLED:
        return "Install and start it (https://docs.docker.com/get-docker/)."
    if "permission denied" in problem:
        return "Allow your user to use it (https://docs.docker.com/engine/install/linux-postinstall/)."
    return "Start it: Docker Desktop, or on Linux `sudo systemctl start docker`."


def _info(ask: Ask) -> dict[str, Any]:
    info: dict[str, Any] = json.loads(ask("info", "--format", "{{json .}}"))
    # The command succeeds without a server, too.
    if errors := info.get("ServerErrors"):
        raise DockerRefused(errors[0])
    return info


def _architecture(info: dict[str, Any]) -> str:
    named = str(info["Architecture"])
    if named not in _ARCHITECTURES:
        raise CannotRun(f"Lambda has no functions for Docker's processor, {named}. Use `make dev`.")
    return _ARCHITECTURES[named]


def _bridge(info: dict[str, Any], ask: Ask, is_own_address: Callable[[str], bool]) -> Bridge | None:
    """Return the bridge if it is on this machine; Docker in a virtual machine has its own way to the host."""
    if str(info.get("OperatingSystem", "")).startswith("Docker Desktop"):
        return None
    if any("rootless" in option for option in info.get("SecurityOptions") or []):
        raise CannotRun("containers of a rootless Docker cannot reach this machine. Use `make dev`, or Docker as root.")
    bridge = _default_bridge(json.loads(ask("network", "inspect", "bridge")))
    return bridge if is_own_address(bridge.address) else None


def _default_bridge(described: list[dict[str, Any]]) -> Bridge:
    for config in described[0]["IPAM"]["Config"]:
        network = ipaddress.ip_network(config["Subnet"])
        if isinstance(network, IPv4Network):
            # Docker names the gateway only if it was configured; otherwise it is the first address.
            return Bridge(config.get("Gateway") or str(network[1]), network)
    raise CannotRun("Docker's default network has no IPv4 address. Use `make dev`.")


def _is_own_address(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _runs_code_from(build: Path, container: dict[str, Any]) -> bool:
    return any(Path(mount["Source"]).is_relative_to(build) for mount in container["Mounts"])


def _run(*arguments: str) -> str:
    program = shutil.which("docker")
    if program is None:
        raise DockerRefused(_NOT_INSTALLED)
    done = subprocess.run([program, *arguments], check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise DockerRefused(done.stderr.strip() or f"exit code {done.returncode}")
    return done.stdout
