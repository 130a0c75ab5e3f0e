"""Finding the running `make dev`."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import running
from local.processes import NotAPort, free_port
from local.running import NotRunning


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the `make dev` that started last."""
    monkeypatch.setattr(running, "KEEP", tmp_path)
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("AWS_PORT", raising=False)
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that is in use."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def keep(state: Path, site: object, aws: object) -> None:
    """Write what `make dev` keeps: the ports of the site and of the emulated AWS."""
    (state / "site-port").write_text(str(site))
    (state / "port").write_text(str(aws))


def found() -> tuple[int, int]:
    """The ports where `make dev` is found."""
    emulator = running.emulator()
    return emulator.site_port, emulator.port


def test_make_dev_is_found_on_the_ports_where_it_started(state: Path, taken: int) -> None:
    keep(state, 8500, taken)

    assert found() == (8500, taken)


def test_port_names_another(state: Path, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its emulated AWS is where `make dev` puts it for that port."""
    keep(state, 8500, free_port())
    monkeypatch.setenv("PORT", str(taken - 2))

    assert found() == (taken - 2, taken)


def test_port_may_be_the_one_where_it_started(state: Path, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then its emulated AWS is where it was started, too."""
    keep(state, 8500, taken)
    monkeypatch.setenv("PORT", "8500")

    assert found() == (8500, taken)


def test_aws_port_names_the_emulated_aws(state: Path, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does for `make dev`."""
    keep(state, 8500, free_port())
    monkeypatch.setenv("AWS_PORT", str(taken))

    assert found() == (8500, taken)


@pytest.mark.parametrize("kept", ["", "not a port"])
def test_without_known_ports_the_default_is_tried(state: Path, monkeypatch: pytest.MonkeyPatch, kept: str) -> None:
    keep(state, kept, 8002)
    asked: list[int] = []
    monkeypatch.setattr(running, "port_is_taken", asked.append)

    with pytest.raises(NotRunning, match="no `make dev` runs on port 8000"):
        running.emulator()
    assert asked == [8002]


def test_what_listens_on_the_sites_port_alone_is_not_make_dev(
    state: Path, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many programs use port 8000."""
    keep(state, taken, free_port())
    monkeypatch.setenv("PORT", str(taken))

    with pytest.raises(NotRunning, match=f"no `make dev` runs on port {taken}"):
        running.emulator()


@pytest.mark.parametrize("setting", ["PORT", "AWS_PORT"])
def test_a_setting_that_is_not_a_port_is_named(state: Path, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    keep(state, 8500, 8502)
    monkeypatch.setenv(setting, "eight")

    with pytest.raises(NotAPort, match=f"{setting}=eight is not a port"):
        running.emulator()
