"""Runs a child process that never outlives its parent.

- `python -m local.child <module> [arguments]`: a Python module
- `python -m local.child -- <folder> <command> [arguments]`: any program, in that folder

The parent keeps this process's standard input open and writes nothing to it. When the parent ends, even by SIGKILL, the
pipe closes and this process terminates itself, so that no emulator keeps the port.
"""

import os
import runpy
import signal
import subprocess
import sys
import threading


def main() -> int:
    """Run the module or command of the command line; return its exit code."""
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    if sys.argv[1] == "--":
        return _run(sys.argv[2], sys.argv[3:])
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    return 0


def _stop_with_parent() -> None:
    os.read(0, 1)  # Not sys.stdin: if its lock is held at exit, the interpreter aborts.
    os.kill(os.getpid(), signal.SIGTERM)


def _run(folder: str, command: list[str]) -> int:
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL)  # noqa: S603  # chosen by the parent
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


if __name__ == "__main__":
    sys.exit(main())
