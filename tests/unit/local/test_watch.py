"""Noticing edits."""

import threading
from itertools import count
from pathlib import Path

import pytest

from local.watch import first_syntax_error, watch_for_edits
from tests.waiting import wait_for

HANDLER, TEMPLATE = "functions/login/handler.py", "template.yaml"


class Watched:
    """A project watched by a thread. ``deployed`` holds what its files were at each deployment."""

    def __init__(self, project: Path) -> None:
        """Start watching; return when edits are noticed."""
        self.project = project
        self.said: list[str] = []
        self.deployed: list[dict[str, str]] = []
        self._stop = threading.Event()
        arguments = (project, self._deploy, self.said.append, self._stop)
        self._thread = threading.Thread(target=watch_for_edits, args=arguments)
        self._thread.start()
        self._wait_until_it_notices()

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()

    def wait_for(self, file: str, text: str) -> None:
        """Wait until the file has been deployed with this text."""
        wait_for(lambda: text in [files[file] for files in self.deployed], f"the deployment of {text!r}")

    def _wait_until_it_notices(self) -> None:
        """Edit again and again: the watcher does not say when it is ready."""
        number = count()

        def noticed() -> bool:
            (self.project / HANDLER).write_text(f"before = {next(number)}\n")
            return bool(self.deployed)

        wait_for(noticed, "the first edit that is noticed")

    def _deploy(self) -> bool:
        self.deployed.append({file: (self.project / file).read_text() for file in (HANDLER, TEMPLATE)})
        return True


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a function and a template."""
    (tmp_path / HANDLER).parent.mkdir(parents=True)
    for file in (HANDLER, TEMPLATE):
        (tmp_path / file).write_text("before = 1\n")
    return tmp_path


@pytest.mark.parametrize("file", [HANDLER, TEMPLATE])
def test_every_save_is_deployed_also_one_by_renaming(project: Path, file: str) -> None:
    """Many editors write another file and rename it, at every save."""
    watched = Watched(project)
    try:
        for text in ("one = 1\n", "another = 2\n"):
            watched.said.clear()
            (project / "beside").write_text(text)
            (project / "beside").rename(project / file)
            watched.wait_for(file, text)
            assert [line for line in watched.said if line.startswith("Changed: ") and file in line] != []
    finally:
        watched.stop()


def test_a_file_that_python_cannot_read_is_not_deployed(project: Path) -> None:
    """The last good one stays deployed."""
    watched = Watched(project)
    broken = "def broken(\n"
    try:
        (project / HANDLER).write_text(broken)
        wait_for(lambda: any("Not deployed: " in line and "line 1" in line for line in watched.said), "the complaint")
        (project / HANDLER).write_text("mended = 1\n")
        watched.wait_for(HANDLER, "mended = 1\n")
    finally:
        watched.stop()
    assert broken not in [files[HANDLER] for files in watched.deployed]


def test_a_syntax_error_is_reported_with_its_place(tmp_path: Path) -> None:
    """File, line and reason, as Python says them."""
    broken = tmp_path / "handler.py"
    broken.write_text("x = 1\ny = (\n")

    assert first_syntax_error([tmp_path / "gone.py", broken]) == f"{broken}, line 2: '(' was never closed"
