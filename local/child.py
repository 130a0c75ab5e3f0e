"""Run something as a child that never outlives its parent.

- `python -m local.child <module> [arguments]`: a module of our environment
- `python -m local.child -- <folder> <command> [arguments]`: any program, in that folder

The parent holds our standard input open and writes nothing to it. When it ends, however it ends, the pipe closes and
we ask ourselves to stop, so that even a killed parent leaves no emulator behind on the port.
"""

import os
import runpy
import signal
import subprocess
import sys
import threading


def main() -> int:
    """Become what the command line names; return its exit code."""
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    if sys.argv[1] == "--":
        return _run(sys.argv[2], sys.argv[3:])
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    return 0


def _stop_with_parent() -> None:
    os.read(0, 1)  # Not sys.stdin: its lock, held here while the interpreter ends, is fatal to it.
    os.kill(os.getpid(), signal.SIGTERM)


def _run(folder: str, command: list[str]) -> int:
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL)  # noqa: S603  # our parent names it
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


if __name__ == "__main__":
    sys.exit(main())
