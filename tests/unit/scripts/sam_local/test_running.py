"""SAM CLI runs with the flags that its containers need, and nothing of it remains. A script plays SAM CLI."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scripts import sam_cli
from scripts.sam_local import CannotRun, docker, running
from scripts.sam_local.docker import Bridge, Docker, DockerRefused
from scripts.sam_local.running import SamLocal
from tests.waiting import wait_for

BRIDGE = Bridge("127.8.8.9", IPv4Network("127.0.0.0/8"))
IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
# More than a pipe holds, so that it would block if its output were not read.
NOISE = 300_000


class Asked(list[tuple[str, ...]]):
    """Docker, with or without the image; every call."""

    def __init__(self, *, has_image: bool = True) -> None:
        super().__init__()
        self._has_image = has_image

    def __call__(self, *arguments: str) -> str:
        self.append(arguments)
        if arguments[0] == "image" and not self._has_image:
            raise DockerRefused("No such image")
        return ""


def cloud() -> Any:
    """A local cloud with one function, as far as SAM CLI needs it."""
    variables = {"STAGE": "local", "GOOGLE_ENDPOINT": "http://127.0.0.1:9", "GITHUB_ENDPOINT": ""}
    client = SimpleNamespace(
        get_function_configuration=lambda **_asked: {"Environment": {"Variables": variables}},
    )
    return SimpleNamespace(
        function_names=lambda: {"deployed-login": "login"}, client=lambda _: client, endpoint_url="http://localhost:8"
    )


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let this Python program be SAM CLI, with a folder of its own."""
    program = tmp_path / "sam"
    monkeypatch.setattr(sam_cli, "PROGRAM", program)

    def write(text: str) -> None:
        program.write_text(f"#!{sys.executable}\n{text}")
        program.chmod(0o755)

    return write


PRINTS = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"


@pytest.mark.parametrize("has_image", [True, False])
def test_containers_get_the_settings_and_the_names_of_this_machine(
    tmp_path: Path, play: Callable[[str], None], *, has_image: bool
) -> None:
    """Docker in a virtual machine forwards itself. An image that is here is not pulled."""
    play(PRINTS)
    said: list[str] = []
    local = SamLocal(cloud(), Docker("x86_64", None, Asked(has_image=has_image)), tmp_path, said.append)
    with local.running("invoke", "LoginFunction", site_url="https://a.example", stdout=subprocess.PIPE) as process:
        arguments, environment = json.loads(process.stdout.read()) if process.stdout else ([], {})

    hosts = ["--add-host", "host.docker.internal:host-gateway", "--add-host", "google.localhost:host-gateway"]
    files = ["--template", str(tmp_path / "build" / "template.yaml"), "--env-vars", str(tmp_path / "env-vars.json")]
    skip = ["--skip-pull-image"] if has_image else []
    assert arguments == ["local", "invoke", "LoginFunction", *files, *skip, *hosts]
    assert json.loads((tmp_path / "env-vars.json").read_text())["Parameters"]["SITE_URL"] == "https://a.example"
    assert (environment["AWS_ENDPOINT_URL"], environment["SAM_CLI_TELEMETRY"]) == ("http://localhost:8", "0")
    assert said == [
        f"Using the image that is here; `docker pull {IMAGE}` gets a newer one"
        if has_image
        else f"Docker downloads {IMAGE}"
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux listens on every address of 127.0.0.0/8")
def test_on_linux_the_way_back_is_open_while_it_runs(tmp_path: Path, play: Callable[[str], None]) -> None:
    play(PRINTS)
    said: list[str] = []
    local = SamLocal(cloud(), Docker("x86_64", BRIDGE, Asked()), tmp_path, said.append)
    with local.running("start-api", site_url="https://a.example", stdout=subprocess.PIPE) as process:
        arguments, _ = json.loads(process.stdout.read()) if process.stdout else ([], {})

    assert arguments[-4:] == [
        "--add-host",
        "host.docker.internal:127.8.8.9",
        "--add-host",
        "google.localhost:127.8.8.9",
    ]
    assert said[-1] == "Forwarding 127.8.8.9 to this machine, for containers only: ports 8, 9"


def test_stopping_ends_sam_cli_however_much_it_says(tmp_path: Path, play: Callable[[str], None]) -> None:
    """By one SIGTERM, on which it removes its containers; those that it left are removed, too."""
    got, ready = tmp_path / "signals", tmp_path / "ready"
    play(
        f"""
import pathlib, signal, sys, time
def end(*_):
    with open({str(got)!r}, "a") as file:
        file.write("SIGTERM ")
    print("x" * {NOISE})
    sys.exit()
signal.signal(signal.SIGTERM, end)
pathlib.Path({str(ready)!r}).touch()
time.sleep(600)
"""
    )
    asked = Asked()
    local = SamLocal(cloud(), Docker("x86_64", None, asked), tmp_path, lambda _: None)
    with local.running("start-api", site_url="https://a.example", stdout=subprocess.PIPE) as process:
        wait_for(ready.exists, "SAM CLI has started")

    assert process.poll() is not None
    assert got.read_text() == "SIGTERM "
    assert asked[-1] == ("ps", "--all", "--quiet", "--no-trunc")


def test_a_build_that_fails_says_what_sam_cli_said(tmp_path: Path, play: Callable[[str], None]) -> None:
    play("import os, sys; print('no wheels for', os.environ['LAYER_MACHINE']); sys.exit(3)")
    local = SamLocal(cloud(), Docker("arm64", None, Asked()), tmp_path, lambda _: None)
    with pytest.raises(CannotRun, match="sam build failed:\nno wheels for aarch64"):
        local.build("login")


def test_a_missing_sam_cli_is_named_before_docker_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, play: Callable[[str], None]
) -> None:
    """Then Docker, and `make dev` last."""
    with pytest.raises(CannotRun, match="SAM CLI is not installed"):
        running.find(cloud, tmp_path, print)

    play(PRINTS)
    monkeypatch.setattr(docker, "find", lambda: Docker("arm64", None, Asked()))
    assert running.find(cloud, tmp_path, print).docker.architecture == "arm64"
    assert os.environ.get("AWS_ENDPOINT_URL") != "http://localhost:8"
