"""What operators paste into ``make admin`` reaches the command, and no shell on its way reads it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cloudformation import ROOT

# Says what it was given, one argument a line.
_ECHO = '#!/bin/sh\nshift 2\nprintf "%s\\n" "$@"\n'


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A place with our Makefile, and with a Python that only tells its arguments."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(_ECHO)
    python.chmod(0o755)
    return tmp_path


def told(place: Path, do: str) -> list[str]:
    """What ``make admin DO=do`` tells the command; nothing is installed first."""
    command = ["make", "-s", "-o", ".venv/.installed", "admin", f"DO={do}"]  # as the operator's shell hands it over
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.com",
        "`touch$$IFS./evil`@evil.example",
        "x|touch$$IFS./evil|x@evil.example",
        "x&touch$$IFS./evil&x@evil.example",
        "o'neil'`id`@evil.example",
        "${HOME}$HOME#*?~{a}@evil.example",
    ],
)
def test_an_address_that_is_a_command_is_only_an_address(made: Path, address: str) -> None:
    """All of these are well-formed (RFC 5321 4.1.2), and whoever writes to support chooses what is pasted."""
    assert told(made, f"show {address} --json") == ["show", address, "--json"]
    assert sorted(path.name for path in made.iterdir()) == [".venv", "Makefile"]
