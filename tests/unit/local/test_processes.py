"""Ports, folders and children."""

import subprocess
import sys
from pathlib import Path

import pytest

from local.processes import Child, ChildFailed, InUse, sole_use


def test_a_folder_has_one_process_at_a_time(tmp_path: Path) -> None:
    """Two emulators would overwrite each other's state."""
    with sole_use(tmp_path), pytest.raises(InUse, match="stop that one first"), sole_use(tmp_path):
        pass

    with sole_use(tmp_path):
        pass


def test_a_child_that_ends_at_once_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    """The reason is in its log, which a person should not have to look for."""
    child = Child(
        "thing", "--", str(tmp_path), sys.executable, "-c", "raise SystemExit('no such thing')", log=tmp_path / "l"
    )

    with pytest.raises(ChildFailed, match="no such thing"):
        child.wait_until(lambda: False)
    child.stop()


def test_a_child_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    """Even when the parent is killed: then a pipe closes."""
    command = [
        sys.executable,
        "-m",
        "local.child",
        "--",
        str(tmp_path),
        sys.executable,
        "-c",
        "import time; time.sleep(60)",
    ]
    child = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert child.stdin

    child.stdin.close()

    assert child.wait(10) != 0
