"""Ports, and child processes that end with this process."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from local import PROJECT

LOCALHOST = "localhost"
LOOPBACK = "127.0.0.1"
LOOPBACK_6 = "::1"
_POLITE_SECONDS = 15
USUAL_PORT = 8000
_HTTP_PORT = 80
_LAST_PORT = 65535
_STEP = 10
# Below the ports that systems choose for outgoing connections, which could take one before its process listens.
_ASSIGNED = range(20_000, 21_000)


class ChildFailed(Exception):
    """A child process ended early, or did not answer in time."""


def port_is_taken(port: int) -> bool:
    """Return whether a process listens on the port of a loopback address, on IPv4 or IPv6: `localhost` is both."""
    return any(_answers(host, port) for host in loopback_addresses())


def _answers(host: str, port: int) -> bool:
    with socket.socket(family_of(host), socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def loopback_addresses() -> list[str]:
    """Return the addresses of `localhost`: IPv4's, and IPv6's where this machine has it."""
    return [LOOPBACK, LOOPBACK_6] if _is_here(LOOPBACK_6) else [LOOPBACK]


def _is_here(host: str) -> bool:
    try:
        with socket.socket(family_of(host), socket.SOCK_STREAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True


def family_of(host: str) -> socket.AddressFamily:
    """Return the family of a numeric address."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def url_of(port: int) -> str:
    """Return the URL of a port of `localhost`, as browsers write its origin."""
    return f"http://{LOCALHOST}" if port == _HTTP_PORT else f"http://{LOCALHOST}:{port}"


def another_port(port: int) -> int:
    """Return a port to suggest instead of one that is in use, with room for those beside it."""
    return port + _STEP if port + 2 * _STEP <= _LAST_PORT else port - _STEP


class NotAPort(Exception):
    """The environment variable is not a port number."""


def port_from_environment(setting: str, usual: int) -> int:
    """Return the port in the variable ``setting``, or ``usual``; raises NotAPort."""
    text = os.environ.get(setting) or str(usual)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _LAST_PORT:
        hint = f", {usual} usually" if usual <= _LAST_PORT else f": it is {usual} here unless you set it"
        raise NotAPort(f"{setting}={text} is not a port: choose a number from 1 to {_LAST_PORT}{hint}.")
    return int(text)


def free_port(preferred: int = 0, reserved: Collection[int] = ()) -> int:
    """Return the preferred port if it is free and not ``reserved``, otherwise one that no other caller gets.

    The latter is claimed while this process runs.
    """
    if preferred and preferred not in reserved and not port_is_taken(preferred):
        return preferred
    free = (port for port in _ASSIGNED if port not in reserved)
    return next(port for port in free if _claim(port) and not port_is_taken(port))


def _claim(port: int) -> bool:
    folder = Path(tempfile.gettempdir()) / f"comfy-accounts-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    claim = os.open(folder / str(port), os.O_CREAT | os.O_WRONLY)  # open, and thereby locked, until this process ends
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(claim)
        return False
    return True


class InUse(Exception):
    """Another process uses the folder."""


@contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Lock a folder for this process; the lock ends with the process, even if it is killed."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InUse(f"Another process uses {folder}: stop that one first.") from error
        yield


class Child:
    """A child process that ends with this one at the latest, with its output in a file."""

    def __init__(self, name: str, *command: str, log: Path, env: Mapping[str, str] | None = None) -> None:
        """Start it. ``command`` is a module and its arguments, or `--`, a folder and a command to run there."""
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            # A new session: Ctrl-C signals only this process, which stops its children in order.
            self._process = subprocess.Popen(  # noqa: S603  # not user input
                [sys.executable, "-m", "local.child", *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=PROJECT,
                env=env,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 120) -> None:
        """Wait until ``ready()``; raises ChildFailed, with the end of the log, if it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None:
                raise ChildFailed(f"{self.name} ended while starting.\n{self._last_words()}")
            if time.monotonic() > deadline:
                raise ChildFailed(f"{self.name} did not answer within {seconds:.0f} s.\n{self._last_words()}")
            time.sleep(0.05)

    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self, *, politely: bool = True) -> None:
        """Stop the process and its descendants; with ``politely``, by SIGTERM first, so that it can save its state."""
        if politely and self.is_running():
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_POLITE_SECONDS)
        self._end_group()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()

    def _end_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):  # The group is empty; macOS reports EPERM.
            os.killpg(self._process.pid, signal.SIGKILL)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-12:]
        return "\n".join(["The end of " + str(self.log) + ":", *("  " + line for line in lines)])
