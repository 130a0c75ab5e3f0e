"""Ports, and child processes that start with us and end with us."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from local import PROJECT

LOOPBACK = "127.0.0.1"
_POLITE_SECONDS = 15
USUAL_PORT = 8000
_LAST_PORT = 65535


class ChildFailed(Exception):
    """A child ended, or did not answer in time."""


def port_is_taken(port: int) -> bool:
    """Tell whether anything listens there.

    Both families are asked: AWS calls go to `localhost`, and a stranger on [::1] would get them.
    """
    return any(_answers(family, host, port) for family, host in ((socket.AF_INET, LOOPBACK), (socket.AF_INET6, "::1")))


def _answers(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            return probe.connect_ex((host, port)) == 0
    except OSError:  # No IPv6 on this machine.
        return False


class NotAPort(Exception):
    """What the environment says is no port."""


def port_from_environment(setting: str, usual: int) -> int:
    """The port that the environment chooses by this name; raises NotAPort."""
    text = os.environ.get(setting) or str(usual)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _LAST_PORT:
        raise NotAPort(f"{setting}={text} is not a port: choose a number from 1 to {_LAST_PORT}, {usual} usually.")
    return int(text)


def free_port(preferred: int = 0) -> int:
    """Return the preferred port if nobody has it, else any free one."""
    if preferred and not port_is_taken(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class InUse(Exception):
    """Another process uses what only one may."""


@contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Keep a folder to this process; the claim ends with the process, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InUse(f"Another process uses {folder}: stop that one first.") from error
        yield


class Child:
    """A process that runs for as long as we do, at most, with its output in a file."""

    def __init__(self, name: str, *command: str, log: Path, env: Mapping[str, str] | None = None) -> None:
        """Start it: a module and its arguments, or `--`, a folder and any command to run there."""
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            # A session of its own: Ctrl-C goes to us alone, and we stop the children in order.
            self._process = subprocess.Popen(  # noqa: S603  # the command is ours
                [sys.executable, "-m", "local.child", *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=PROJECT,
                env=env,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 30) -> None:
        """Return once it is ready; say what its log says if it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None:
                raise ChildFailed(f"{self.name} ended while starting.\n{self._last_words()}")
            if time.monotonic() > deadline:
                raise ChildFailed(f"{self.name} did not answer within {seconds:.0f} s.\n{self._last_words()}")
            time.sleep(0.05)

    def is_running(self) -> bool:
        """Tell whether it still runs."""
        return self._process.poll() is None

    def stop(self, *, politely: bool = True) -> None:
        """Stop it and all that it started; ``politely`` lets it save its state first."""
        if politely and self.is_running():
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_POLITE_SECONDS)
        self._end_group()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()

    def _end_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):  # Nobody left; macOS says so with EPERM.
            os.killpg(self._process.pid, signal.SIGKILL)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-12:]
        return "\n".join(["Its last words, from " + str(self.log) + ":", *("  " + line for line in lines)])
