"""Ports, folders and children."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local import PROJECT
from local.processes import LOOPBACK, Child, ChildFailed, InUse, free_port, sole_use, url_of


def test_a_port_is_given_to_one_caller_only_in_any_process() -> None:
    """Also before anything listens on it."""
    command = [sys.executable, "-c", "from local.processes import free_port; print(free_port())"]
    elsewhere = int(subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT).stdout)
    mine = [free_port(), free_port()]
    later = int(subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT).stdout)

    assert len({*mine, later}) == 3
    assert all(port < 32_768 for port in (*mine, elsewhere, later))


def test_the_preferred_port_is_given_if_it_is_free() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) != port
    preferred = free_port()

    assert free_port(preferred) == preferred


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

    assert child.wait(60) != 0


@pytest.mark.parametrize(
    ("port", "url"), [(8000, "http://localhost:8000"), (80, "http://localhost"), (443, "http://localhost:443")]
)
def test_a_url_has_the_port_as_browsers_write_it_in_an_origin(port: int, url: str) -> None:
    """The service refuses any other form of its own address."""
    assert url_of(port) == url
