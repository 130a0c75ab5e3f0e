"""What `make invoke` learns from Docker, from stubs of Docker's answers."""

import json
from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from scripts.sam_local import CannotRun, docker
from scripts.sam_local.docker import Bridge, Docker, DockerRefused

LINUX = {"OperatingSystem": "Debian GNU/Linux 12", "Architecture": "x86_64", "SecurityOptions": ["name=seccomp"]}
DESKTOP = {"OperatingSystem": "Docker Desktop", "Architecture": "aarch64"}
ORBSTACK = {"OperatingSystem": "OrbStack", "Architecture": "aarch64", "SecurityOptions": None}
SUBNET = {"Subnet": "172.17.0.0/16"}
BRIDGE = Bridge("172.17.0.1", IPv4Network("172.17.0.0/16"))


class Stub:
    """Docker's command line; ``asked`` has every call. An answer that is an exception is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, *arguments: str) -> str:
        self.asked.append(arguments)
        answer = self.answers[arguments[0]]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, str) else json.dumps(answer)


def network(*configs: dict[str, str]) -> list[dict[str, Any]]:
    return [{"Name": "bridge", "IPAM": {"Config": list(configs)}}]


def found(info: dict[str, Any], *configs: dict[str, str], own: tuple[str, ...] = ("172.17.0.1",)) -> Docker:
    return docker.find(Stub(info=info, network=network(*configs)), own.__contains__)


def test_on_linux_the_bridge_is_the_way_back() -> None:
    """Docker names its gateway only if it was configured; otherwise it is the network's first address."""
    assert found(LINUX, SUBNET).bridge == BRIDGE
    assert found(LINUX, {"Subnet": "fd00::/64"}, SUBNET | {"Gateway": "172.17.0.1"}).bridge == BRIDGE
    configured = found(LINUX, {"Subnet": "10.9.0.0/24", "Gateway": "10.9.0.7"}, own=("10.9.0.7",))
    assert configured.bridge == Bridge("10.9.0.7", IPv4Network("10.9.0.0/24"))
    assert configured.host_address == "10.9.0.7"


def test_docker_in_a_virtual_machine_has_its_own_way_back() -> None:
    """Docker Desktop says so, whatever this machine's own addresses are; of others, the bridge is not here."""
    assert found(DESKTOP, SUBNET).bridge is None
    assert found(ORBSTACK, SUBNET, own=()).bridge is None
    assert found(DESKTOP).host_address == "host-gateway"


@pytest.mark.parametrize(("named", "lambda_name"), [("x86_64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")])
def test_functions_are_built_for_the_processor_of_docker(named: str, lambda_name: str) -> None:
    """Emulation of another one is slower than the functions' timeouts."""
    assert found(LINUX | {"Architecture": named}, SUBNET).architecture == lambda_name


@pytest.mark.parametrize(
    ("info", "configs", "problem"),
    [
        (LINUX | {"Architecture": "s390x"}, [SUBNET], "Docker's processor, s390x"),
        (LINUX | {"SecurityOptions": ["name=seccomp", "name=rootless"]}, [SUBNET], "rootless"),
        (LINUX, [{"Subnet": "fd00::/64"}], "no IPv4 address"),
        ({"ServerErrors": ["Cannot connect to the Docker daemon"]}, [], "Cannot connect to the Docker daemon"),
        (DockerRefused("permission denied"), [], "permission denied"),
    ],
)
def test_what_cannot_work_is_refused_with_a_reason(info: Any, configs: list[dict[str, str]], problem: str) -> None:
    with pytest.raises(CannotRun, match=problem):
        found(info, *configs)


@pytest.mark.parametrize(
    ("problem", "remedy"),
    [
        ("the command `docker` is not installed", "Install and start it (https"),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "Allow your user to use it (https",
        ),
        ("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", "Start it: "),
    ],
)
@pytest.mark.parametrize("said", [DockerRefused, lambda it: {"ServerErrors": [it]}])
def test_each_reason_comes_with_what_helps(problem: str, remedy: str, said: Callable[[str], Any]) -> None:
    """In the words of Docker 28, which it prints or puts into its answer."""
    with pytest.raises(CannotRun) as refused:
        found(said(problem))
    assert f"does not answer: {problem}\n{remedy}" in str(refused.value)


def test_an_image_that_is_here_is_not_pulled_again() -> None:
    here, missing = Stub(image="[{}]"), Stub(image=DockerRefused("No such image"))
    assert Docker("arm64", None, here).has_image()
    assert not Docker("arm64", None, missing).has_image()
    assert here.asked == [("image", "inspect", "public.ecr.aws/lambda/python:3.13-arm64")]


def test_only_containers_that_run_code_of_the_build_are_removed() -> None:
    build = Path("/project/.local/sam/build")
    containers = [
        {"Id": "ours", "Mounts": [{"Source": f"{build}/LoginFunction"}, {"Source": "/elsewhere"}]},
        {"Id": "database", "Mounts": [{"Source": "/var/lib/data"}]},
        {"Id": "plain", "Mounts": []},
    ]
    stub = Stub(ps="ours\ndatabase\nplain\n", inspect=containers, rm="")

    assert Docker("arm64", None, stub).remove_containers(build) == 1
    assert stub.asked[-1] == ("rm", "--force", "ours")


def test_without_containers_nothing_is_removed() -> None:
    stub = Stub(ps="")
    assert Docker("arm64", None, stub).remove_containers(Path("/project")) == 0
    assert [it[0] for it in stub.asked] == ["ps"]


def test_what_docker_says_when_it_fails_is_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the real command line: a program called docker that fails, and none."""
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho 'no daemon here' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(CannotRun, match="does not answer: no daemon here"):
        docker.find()

    monkeypatch.setenv("PATH", "")
    with pytest.raises(CannotRun, match="`docker` is not installed"):
        docker.find()


def test_an_address_is_this_machines_own_if_it_can_listen_there() -> None:
    """192.0.2.0/24 is reserved for documentation: no machine has an address in it."""

    def bridge_of(subnet: str) -> Bridge | None:
        return docker.find(Stub(info=LINUX, network=network({"Subnet": subnet}))).bridge

    assert bridge_of("127.0.0.0/8") == Bridge("127.0.0.1", IPv4Network("127.0.0.0/8"))
    assert bridge_of("192.0.2.0/24") is None
