"""Starts local functions by forking a process that has imported the packages that every function imports.

Those imports are most of what a function's start costs. `forks.py` is also that process. Except for the prelude of a
test, it runs nothing else of the project, so that no function gets a module of another one. A fork gets the
environment, the folder and the streams of its function, and then runs a file as `python FILE` would.

This needs Linux: macOS's own libraries do not survive a fork.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

PACKAGES = ("pynamodb.models", "aws_lambda_powertools.logging", "aws_lambda_powertools.metrics", "msgspec")
"""What each process has imported. Every function imports it, and it reads no variable of a function's environment."""

_LONGEST_ORDER = 128 * 1024
_ENDED = 0
type Popen = Callable[..., Any]


def can_fork() -> bool:
    """Return whether this system can start functions this way."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):  # another system than Linux, or one of before 2020
        return False
    return True


class Forked:
    """A forked process, with what MiniStack uses of `subprocess.Popen`."""

    def __init__(self, pid: int, stdin: IO[str], stdout: IO[str], stderr: IO[str]) -> None:
        self.pid = pid
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self._handle: int | None = None
        with suppress(ProcessLookupError):  # It has ended already.
            self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Return None while it runs. Its exit code is not known here."""
        return self._wait(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return when it has ended; raises TimeoutExpired."""
        ended = self._wait(timeout)
        if ended is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return ended

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _wait(self, seconds: float | None) -> int | None:
        if self._handle is None:
            return _ENDED
        waiting = select.poll()
        waiting.register(self._handle, select.POLLIN)
        if not waiting.poll(None if seconds is None else seconds * 1000):
            return None
        handle, self._handle = self._handle, None
        os.close(handle)
        return _ENDED

    def _send(self, number: signal.Signals) -> None:
        if self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)


class Forks:
    """The process with the packages, which ends with this one."""

    def __init__(self, prelude: str = "") -> None:
        """Start it. It imports the packages, and runs the file ``prelude``, while this process goes on."""
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._one_order = threading.Lock()
        with theirs:
            command = [sys.executable, "-P", __file__, str(theirs.fileno()), prelude]
            self._process = subprocess.Popen(  # noqa: S603  # this file
                command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )

    def start(self, file: str, *, cwd: str, env: dict[str, str]) -> Forked:
        """Run a Python file in a fork, in that folder and with exactly that environment."""
        (stdin, to), (of, stdout), (wrong, stderr) = os.pipe(), os.pipe(), os.pipe()
        with ExitStack() as on_failure:
            streams = [on_failure.enter_context(os.fdopen(*of)) for of in ((to, "w", 1), (of, "r"), (wrong, "r"))]
            try:
                pid = self._ask({"file": file, "cwd": cwd, "env": env}, [stdin, stdout, stderr])
            finally:
                for descriptor in (stdin, stdout, stderr):
                    os.close(descriptor)
            on_failure.pop_all()
        return Forked(pid, *streams)

    def stop(self) -> None:
        """End the process; its forks keep running."""
        self._channel.close()
        self._process.wait()

    def _ask(self, order: dict[str, Any], descriptors: list[int]) -> int:
        with self._one_order:
            socket.send_fds(self._channel, [json.dumps(order).encode()], descriptors)
            pid = self._channel.recv(_LONGEST_ORDER)
        if not pid:
            raise RuntimeError("The process that starts functions has ended; its error is above.")
        return int(pid)


def popen_of(forks: Forks) -> Popen:
    """Return what MiniStack calls as `subprocess.Popen`: it forks for Python functions."""

    def popen(command: list[str], **options: Any) -> Any:  # noqa: ANN401  # as Popen's own
        if command[0] == sys.executable:
            return forks.start(command[1], cwd=options["cwd"], env=options["env"])
        return subprocess.Popen(command, **options)  # noqa: S603  # chosen by MiniStack

    return popen


def main(descriptor: str, prelude: str) -> None:
    """Import the packages and run the prelude; in each fork, run the file that was ordered."""
    for name in PACKAGES:
        importlib.import_module(name)
    if prelude:
        runpy.run_path(prelude, run_name="__main__")
    gc.freeze()  # A collection in a fork would write to, and thereby copy, all that is shared.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # No fork is waited for here.
    with socket.socket(fileno=int(descriptor)) as channel:
        fork = _next_fork(channel)
    if fork:
        _run(*fork)


def _next_fork(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork for each order, and return it in the fork; return None when there are no more."""
    while True:
        order, descriptors, *_ = socket.recv_fds(channel, _LONGEST_ORDER, 3)
        if not order:
            return None
        pid = os.fork()
        if pid == 0:
            return json.loads(order), descriptors
        for descriptor in descriptors:
            os.close(descriptor)
        channel.send(str(pid).encode())


def _run(order: dict[str, Any], descriptors: list[int]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = [order["file"]]
    sys.path.insert(0, str(Path(order["file"]).parent))  # `-P` has left it out.
    runpy.run_path(order["file"], run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
