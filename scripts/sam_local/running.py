"""Runs SAM CLI, with a way from its containers back to this machine for as long as it runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread
from typing import IO

from msgspec import Struct

from local import PROJECT, sam
from local.cloud import LocalCloud
from local.emulator import environment_for_aws
from scripts import sam_cli
from scripts.sam_local import CannotRun, build, docker, settings
from scripts.sam_local.docker import Docker
from scripts.sam_local.forwarder import forwarding

_POLITE_SECONDS = 30
type Say = Callable[[str], None]
type Output = int | IO[str] | None
"""Where a stream of SAM CLI goes, as for subprocess; None is the terminal."""


class SamLocal(Struct, frozen=True):
    """SAM CLI for the functions of one local cloud. ``say`` gets each step.

    What runs at the same time has a ``folder`` of its own, which is overwritten.
    """

    cloud: LocalCloud
    docker: Docker
    folder: Path
    say: Say

    def build(self, function: str = "") -> None:
        """Build one function and the layers, or all functions; raises CannotRun with what SAM CLI said."""
        self.say(f"Building {function or 'all functions'} for {self.docker.architecture}")
        command = build.command(self.folder, self.docker.architecture, function)
        done = subprocess.run(  # noqa: S603 - the project's SAM CLI
            [str(sam_cli.PROGRAM), *command],
            cwd=PROJECT,
            env=self._environment() | build.environment(self.docker.architecture),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CannotRun(f"sam build failed:\n{done.stdout}")

    @contextmanager
    def running(
        self, command: str, *arguments: str, site_url: str, stdout: Output = None, stderr: Output = None
    ) -> Iterator[subprocess.Popen[str]]:
        """Run `sam local <command>`. At the end, SAM CLI, its containers and the way back are gone."""
        variables = settings.in_container(settings.of_cloud(self.cloud, site_url))
        file = self.folder / "env-vars.json"
        settings.write(variables, file)
        hosts = settings.hosts(variables)
        built = str(build.built(self.folder) / "template.yaml")
        flags = ["--template", built, "--env-vars", str(file), *self._image(), *self._add_hosts(hosts)]
        with ExitStack() as stack:
            if self.docker.bridge:
                ports = ", ".join(map(str, sorted(set(hosts.values()))))
                self.say(f"Forwarding {self.docker.bridge.address} to this machine, for containers only: ports {ports}")
                stack.enter_context(forwarding(self.docker.bridge, hosts.values()))
            stack.callback(self._clean_up)
            yield stack.enter_context(
                _child(["local", command, *arguments, *flags], self._environment(), stdout, stderr)
            )

    def _image(self) -> Sequence[str]:
        if self.docker.has_image():
            self.say(f"Using the image that is here; `docker pull {self.docker.image}` gets a newer one")
            return ["--skip-pull-image"]
        self.say(f"Docker downloads {self.docker.image}")
        return []

    def _add_hosts(self, hosts: Mapping[str, int]) -> Iterator[str]:
        for host in hosts:
            yield from ("--add-host", f"{host}:{self.docker.host_address}")

    def _clean_up(self) -> None:
        if left := self.docker.remove_containers(build.built(self.folder)):
            self.say(f"Removed {left} container{'' if left == 1 else 's'}")

    def _environment(self) -> dict[str, str]:
        return {**sam_cli.environment(), **environment_for_aws(self.cloud.endpoint_url)}


def find(cloud: Callable[[], LocalCloud], folder: Path, say: Say) -> SamLocal:
    """Return SAM CLI on this machine's Docker and on the local cloud; raises CannotRun, NotRunning, NotAPort."""
    if not sam.is_installed():
        raise CannotRun("SAM CLI is not installed: run `make .venv-sam/.installed`")
    found = docker.find()
    return SamLocal(cloud(), found, folder, say)


@contextmanager
def _child(
    arguments: Sequence[str], environment: Mapping[str, str], stdout: Output, stderr: Output
) -> Iterator[subprocess.Popen[str]]:
    """Run SAM CLI in a session of its own: it gets one signal, from this process, and ends with it at the latest.

    It ends when its input is closed, which `Popen.communicate` does.
    """
    command = [sys.executable, "-m", "local.child", "--", str(PROJECT), str(sam_cli.PROGRAM), *arguments]
    process = subprocess.Popen(  # noqa: S603 - the project's SAM CLI
        command,
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    # When stopped, SAM CLI prints tracebacks of its connections to Docker. They are read, so that it does not block.
    drain = Thread(target=process.stdout.read if process.stdout else lambda: "")
    drain.start()
    try:
        process.wait(_POLITE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    drain.join()
    for stream in filter(None, (process.stdin, process.stdout)):
        stream.close()
