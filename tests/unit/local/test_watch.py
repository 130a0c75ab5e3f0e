"""Noticing edits."""

import threading
import time
from pathlib import Path
from queue import Empty, Queue

import pytest

from local.watch import first_syntax_error, watch_for_edits


class Watched:
    """A project that is watched by a thread; each deployment goes into a queue."""

    def __init__(self, project: Path) -> None:
        """Start watching."""
        self.project = project
        self.said: list[str] = []
        self.deployments: Queue[float] = Queue()
        self._stop = threading.Event()
        arguments = (project, self._deploy, self.said.append, self._stop)
        self._thread = threading.Thread(target=watch_for_edits, args=arguments)
        self._thread.start()
        time.sleep(0.5)  # The watcher says nothing when it is ready.

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()

    def _deploy(self) -> bool:
        self.deployments.put(time.monotonic())
        return True


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a function and a template."""
    (tmp_path / "functions" / "login").mkdir(parents=True)
    (tmp_path / "functions" / "login" / "handler.py").write_text("before = 1\n")
    (tmp_path / "template.yaml").write_text("before\n")
    return tmp_path


@pytest.mark.parametrize("file", ["functions/login/handler.py", "template.yaml"])
def test_every_save_is_deployed_also_one_by_renaming(project: Path, file: str) -> None:
    """Many editors write beside the file and rename, and do it again at the next save."""
    watched = Watched(project)
    try:
        for text in ("one = 1\n", "another = 2\n"):
            (project / "beside").write_text(text)
            (project / "beside").rename(project / file)
            watched.deployments.get(timeout=5)
        assert [line.startswith(f"Changed: {file}") for line in watched.said] == [True, True]
    finally:
        watched.stop()


def test_a_file_that_python_cannot_read_is_not_deployed(project: Path) -> None:
    """The last good one goes on answering."""
    watched = Watched(project)
    try:
        (project / "functions" / "login" / "handler.py").write_text("def broken(\n")
        with pytest.raises(Empty):
            watched.deployments.get(timeout=1.5)
        assert "line 1" in watched.said[-1]
    finally:
        watched.stop()


def test_a_syntax_error_is_reported_with_its_place(tmp_path: Path) -> None:
    """File, line and reason, as Python says them."""
    broken = tmp_path / "handler.py"
    broken.write_text("x = 1\ny = (\n")

    assert first_syntax_error([tmp_path / "gone.py", broken]) == f"{broken}, line 2: '(' was never closed"
