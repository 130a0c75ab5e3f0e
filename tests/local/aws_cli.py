"""The AWS CLI, imported once: `.venv-sam/bin/python tests/local/aws_cli.py <folder>` puts the program `aws` there.

Starting the AWS CLI takes a second of CPU, and the runbook calls it once for each function. The program `aws` passes
its arguments, variables and open files to a server, which runs the unchanged AWS CLI in a forked process.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

# The AWS CLI sets this one when it is imported.
_ITS_OWN = {"AWS_DATA_PATH"}
_SIZE = 4
_PROGRAM = """#!{python} -sSE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    request = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
    socket.send_fds(server, [len(request).to_bytes({size})], [0, 1, 2])
    server.sendall(request)
    sys.exit(server.recv(1)[0])
"""


def serve(folder: Path) -> None:
    driver = import_module("awscli.clidriver").create_clidriver()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
        listening.listen()
        _put_program(folder)
        while True:
            caller, _ = listening.accept()
            with caller:
                if os.fork() == 0:
                    _answer(caller, driver.main)


def _put_program(folder: Path) -> None:
    unfinished = folder / "unfinished"
    unfinished.write_text(_PROGRAM.format(python=sys.executable, address=str(folder / "socket"), size=_SIZE))
    unfinished.chmod(0o755)
    unfinished.rename(folder / "aws")


def _answer(caller: socket.socket, run: Callable[[list[str]], int]) -> None:
    """Run the AWS CLI as the caller would, then end this process."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        words = _take_place_of(caller)
        code = run(words)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        caller.send(bytes([code]))
        os._exit(0)


def _take_place_of(caller: socket.socket) -> list[str]:
    """Use the caller's files, variables and folder; return its arguments."""
    size, files, _, _ = socket.recv_fds(caller, _SIZE, 3)
    request = bytearray()
    while len(request) < int.from_bytes(size):
        request += caller.recv(1 << 16)
    words, variables, folder = json.loads(request)
    for number, file in enumerate(files):
        os.dup2(file, number)
    for name in os.environ.keys() - _ITS_OWN:
        del os.environ[name]
    os.environ.update(variables)
    os.chdir(folder)
    found: list[str] = words
    return found


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
