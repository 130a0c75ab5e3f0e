"""Functions that start by a fork, compared with those that start by themselves."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ministack.core import lambda_runtime

from local import forks
from local.forks import Forks, popen_of
from tests import cloudformation, quick_bcrypt
from tests.quick_bcrypt import QuickBcrypt

pytestmark = pytest.mark.skipif(not forks.can_fork(), reason="functions are forked on Linux only")

# Reports what a program can know about its process. MiniStack's program reads and writes lines, too.
_REPORT = """
import json, os, sys
found = {
    "environment": dict(os.environ), "arguments": sys.argv, "path": sys.path, "folder": os.getcwd(), "name": __name__,
    "descriptors": sorted(os.listdir("/proc/self/fd")), "unbuffered": sys.stdout.write_through,
    "ours": sorted(name for name in sys.modules if name.partition(".")[0] in {"accounts", "local", "tests", "handler"}),
}
print(json.dumps(found | {"heard": sys.stdin.readline()}))
print("to stderr", file=sys.stderr)
"""
# Answers each line, until its input ends.
_ECHO = """
import os, sys
for line in sys.stdin:
    os.environ["SAID"] = os.environ.get("SAID", "") + line.strip()
    print(os.environ["SAID"], os.environ["NAME"], flush=True)
"""


@pytest.fixture(scope="module")
def running() -> Iterator[Forks]:
    """One process that forks."""
    started = Forks()
    yield started
    started.stop()


def program(folder: Path, text: str) -> dict[str, Any]:
    """A program and where it runs, as MiniStack would start it."""
    (folder / "program.py").write_text(text)
    options = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return options | {"text": True, "bufsize": 1, "cwd": str(folder), "env": {**os.environ, "NAME": folder.name}}


@contextmanager
def started(running: Forks, folder: Path, text: str) -> Iterator[Any]:
    """A fork that runs the program. Its end is awaited after the test."""
    options = program(folder, text)
    process = popen_of(running)([sys.executable, str(folder / "program.py")], **options)
    with process.stdin, process.stdout, process.stderr:
        yield process
    process.wait(timeout=60)


def reported(process: Any) -> tuple[Any, str]:
    """What it reports after one line, and what it writes to stderr."""
    process.stdin.write("a line\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline()), process.stderr.read()


def test_a_fork_knows_what_a_process_of_its_own_would(running: Forks, tmp_path: Path) -> None:
    """Its environment, arguments, paths, folder, open files and streams, and no module of the project."""
    options = program(tmp_path, _REPORT)
    with subprocess.Popen([sys.executable, str(tmp_path / "program.py")], **options) as process:
        alone = reported(process)

    with started(running, tmp_path, _REPORT) as fork:
        assert reported(fork) == alone
    assert alone[0]["ours"] == []


def test_forks_share_nothing_that_they_change(running: Forks, tmp_path: Path) -> None:
    """The environment of one is not that of another."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()

    def answer(process: Any) -> str:
        process.stdin.write("x\n")
        said: str = process.stdout.readline()
        return said

    with started(running, tmp_path / "one", _ECHO) as one, started(running, tmp_path / "other", _ECHO) as other:
        assert [answer(one), answer(other), answer(one)] == ["x one\n", "x other\n", "xx one\n"]


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_a_fork_runs_until_it_is_ended(running: Forks, tmp_path: Path, end: str) -> None:
    """MiniStack ends what takes longer than the function's timeout; ending it again changes nothing."""
    with started(running, tmp_path, _ECHO) as process:
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0)

        getattr(process, end)()

        assert process.wait(timeout=60) is not None
        assert process.poll() is not None
        getattr(process, end)()


def test_forks_end_with_their_input(tmp_path: Path) -> None:
    """When MiniStack is killed, their pipes close: none outlives it, even if the process that forked has ended."""
    running = Forks()
    with started(running, tmp_path, _ECHO) as process:
        running.stop()
        assert process.poll() is None

        process.stdin.close()

        assert process.wait(timeout=60) is not None


def test_other_programs_are_started_by_themselves(running: Forks) -> None:
    """MiniStack also starts those of other languages."""
    with popen_of(running)(["echo", "hello"], stdout=subprocess.PIPE, text=True) as process:
        assert process.communicate() == ("hello\n", None)


def test_without_the_process_that_forks_the_error_is_named(tmp_path: Path) -> None:
    """Such as after a package could not be imported."""
    running = Forks()
    running._process.kill()
    running._process.wait()

    with pytest.raises((RuntimeError, OSError)), started(running, tmp_path, _ECHO):
        pass
    running.stop()


def test_the_packages_are_imported_as_in_each_function() -> None:
    """They read no variable that functions have: before a fork, none of these is set."""
    watching = (
        "import importlib, os, sys\n"
        "read = set()\n"
        "class Watched(type(os.environ)):\n"
        "    def __getitem__(self, name):\n"
        "        read.add(name)\n"
        "        return super().__getitem__(name)\n"
        "os.environ.__class__ = Watched\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(*sorted(read))"
    )
    command = [sys.executable, "-c", watching, *forks.PACKAGES]
    read = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    variables = cloudformation.template()["Globals"]["Function"]["Environment"]["Variables"]
    assert "AWS_EXECUTION_ENV" in read  # that is, it watches
    assert set(read) & (variables.keys() | lambda_runtime._RESERVED_RUNTIME_ENV_VARS) == set()


def test_a_prelude_runs_before_all_forks(tmp_path: Path) -> None:
    """What it changes in a package is so in each; tests replace bcrypt with it."""
    hashes = 'import bcrypt\nprint(bcrypt.hashpw(b"a password", bcrypt.gensalt(12)).decode())\n'
    running = Forks(str(quick_bcrypt.FILE))
    with started(running, tmp_path, hashes) as process:
        printed = process.stdout.read()
    running.stop()

    assert printed.strip() == QuickBcrypt().hashpw(b"a password", QuickBcrypt().gensalt(12)).decode()
