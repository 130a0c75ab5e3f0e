"""Ports, folders and children."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local import PROJECT
from local.processes import (
    LOOPBACK,
    Child,
    ChildFailed,
    InUse,
    NotAPort,
    another_port,
    free_port,
    port_from_environment,
    sole_use,
    url_of,
)


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


@pytest.mark.parametrize("beside", [0, 1])
def test_a_reserved_port_is_never_given(beside: int) -> None:
    """Neither when it is preferred, nor in place of the preferred one: its owner does not listen yet."""
    first = free_port()
    reserved = {first, first + 1, first + 2}
    preferred = first + beside

    assert free_port(preferred, reserved) not in reserved


def test_ports_are_given_in_order_around_the_reserved_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`PORT=20000 make dev` beside another one, whose stand-ins have the usual ports."""
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr("local.processes.port_is_taken", {9002}.__contains__)

    assert free_port(9002, {20_000, 20_001, 20_002}) == 20_003
    assert free_port(9002, {20_000, 20_001, 20_002}) == 20_004


@pytest.mark.parametrize(("text", "port"), [("1", 1), ("65535", 65_535), ("", 8000)])
def test_a_setting_may_be_any_port(monkeypatch: pytest.MonkeyPatch, text: str, port: int) -> None:
    monkeypatch.setenv("PORT", text)
    assert port_from_environment("PORT", 8000) == port


@pytest.mark.parametrize("text", ["0", "65536", "-1", "80.0", "eight", "٨٠٠٠"])
def test_a_setting_that_is_not_a_port_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(NotAPort) as refused:
        port_from_environment("PORT", 8000)
    assert str(refused.value) == f"PORT={text} is not a port: choose a number from 1 to 65535, 8000 usually."


def test_a_port_beside_the_last_one_must_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as that of the mailbox, with PORT=65535. What is not a port is not suggested."""
    monkeypatch.delenv("MAILBOX_PORT", raising=False)
    with pytest.raises(NotAPort) as refused:
        port_from_environment("MAILBOX_PORT", 65_536)
    said = "choose a number from 1 to 65535: it is 65536 here unless you set it."
    assert str(refused.value) == f"MAILBOX_PORT=65536 is not a port: {said}"


@pytest.mark.parametrize(("taken", "other"), [(8000, 8010), (65_515, 65_525), (65_516, 65_506), (65_535, 65_525)])
def test_another_port_is_suggested_with_room_beside_it(taken: int, other: int) -> None:
    assert another_port(taken) == other


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
