"""Finding the running `make dev`."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import cloud
from local.cloud import LocalCloud, NotRunning
from local.processes import free_port


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the `make dev` that started last."""
    monkeypatch.setattr(cloud, "KEEP", tmp_path)
    monkeypatch.delenv("PORT", raising=False)
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that is in use."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_make_dev_is_found_on_the_port_where_it_started(state: Path, taken: int) -> None:
    (state / "port").write_text(str(taken))

    assert LocalCloud.running().port == taken


def test_port_names_another(state: Path, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    (state / "port").write_text(str(free_port()))
    monkeypatch.setenv("PORT", str(taken))

    assert LocalCloud.running().port == taken


@pytest.mark.parametrize("kept", ["", "not a port"])
def test_without_a_known_port_the_default_is_tried(state: Path, monkeypatch: pytest.MonkeyPatch, kept: str) -> None:
    (state / "port").write_text(kept)
    monkeypatch.setattr(cloud, "port_is_taken", lambda _: False)

    with pytest.raises(NotRunning, match="no `make dev` runs on port 8000"):
        LocalCloud.running()
