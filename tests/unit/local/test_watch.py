"""Noticing edits."""

import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from accounts.web import texts
from local import PROJECT
from local.watch import first_problem, redeploy, watch_for_edits, watched_files
from tests.waiting import wait_for

HANDLER, TEMPLATE = "functions/login/handler.py", "template.yaml"
FILES = (HANDLER, TEMPLATE, "monitoring/template.yaml")


class Watched:
    """A project watched by a thread. ``deployed`` has the contents of its files at each deployment."""

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
        self._stop.set()
        self._thread.join()

    def wait_for(self, file: str, text: str) -> None:
        """Wait until the file has been deployed with this text."""
        wait_for(lambda: text in [files[file] for files in self.deployed], f"the deployment of {text!r}")

    def save(self, file: str, text: str) -> None:
        (self.project / "beside").write_text(text)
        (self.project / "beside").rename(self.project / file)

    def _wait_until_it_notices(self) -> None:
        """Edit repeatedly, because the watcher does not say when it is ready."""
        number = count()

        def noticed() -> bool:
            self.save(HANDLER, f"before = {next(number)}\n")
            return bool(self.deployed)

        wait_for(noticed, "the first edit that is noticed")

    def _deploy(self) -> bool:
        self.deployed.append({file: (self.project / file).read_text() for file in FILES})
        return True


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a function and its templates."""
    for file in FILES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("before = 1\n")
    return tmp_path


@pytest.mark.parametrize("file", FILES)
def test_every_save_is_deployed_also_by_renaming(project: Path, file: str) -> None:
    """Many editors write another file and rename it, at every save."""
    watched = Watched(project)
    try:
        for text in ("one = 1\n", "another = 2\n"):
            watched.said.clear()
            watched.save(file, text)
            watched.wait_for(file, text)
            # An edit from before may deploy this one, too; its own is reported later.
            wait_for(lambda: any("Changed: " in line and file in line for line in watched.said), f"the edit of {file}")
    finally:
        watched.stop()


def redeployed(project: Path, *edits: dict[str, str]) -> tuple[list[str], list[dict[str, str]]]:
    """Save the files of each edit and redeploy: what was said, and the contents of the files at each deployment."""
    said: list[str] = []
    deployed: list[dict[str, str]] = []

    def saved() -> Iterator[list[Path]]:
        for files in edits:
            for file, text in files.items():
                (project / file).parent.mkdir(parents=True, exist_ok=True)
                (project / file).write_text(text)
            yield [project / file for file in files]

    def deploy() -> bool:
        deployed.append({file: (project / file).read_text() for file in FILES})
        return True

    redeploy(saved(), project, deploy, said.append, threading.Event())
    return said, deployed


def test_a_file_with_a_syntax_error_is_not_deployed(project: Path) -> None:
    """The last valid version remains deployed."""
    said, deployed = redeployed(project, {HANDLER: "def broken(\n"}, {HANDLER: "mended = 1\n"})

    assert [line for line in said if line.startswith("Not deployed: ")] == [
        f"Not deployed: {project / HANDLER}, line 1: '(' was never closed"
    ]
    assert [files[HANDLER] for files in deployed] == ["mended = 1\n"]


def test_a_syntax_error_is_reported_with_its_place(tmp_path: Path) -> None:
    """File, line and reason, as Python reports them."""
    broken = tmp_path / "handler.py"
    broken.write_text("x = 1\ny = (\n")

    assert first_problem([tmp_path / "gone.py", broken]) == f"{broken}, line 2: '(' was never closed"


_TEXTS = "layers/domain/accounts/languages"
_REST = ", ".join(f'"{section}": {{}}' for section in texts.OF_SOME_PAGES) + "}"
_NOT_THE_SECTIONS = (
    ": a language file has the sections page, script, account, device, in_app, keys, question, second_step, strength "
    "and verify, and no others"
)
_EN, _DE = "en/pages.json", "de/pages.json"
_ENGLISH = '{"page": {"login.title": "Log in"}, "script": {"saved": "Saved"}, ' + _REST


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        (
            _EN,
            '{"page": {},\n "script": {"a": "b",}}',
            ", line 2: Illegal trailing comma before end of object",
        ),
        (
            _EN,
            '{"page": {}}',
            _NOT_THE_SECTIONS,
        ),
        (
            _EN,
            '["page", "script"]',
            _NOT_THE_SECTIONS,
        ),
        (
            _EN,
            '{"page": {"a": 1}, "script": {}, ' + _REST,
            ": the section page has a text that is not a string",
        ),
        (
            _EN,
            '{"page": "a", "script": {}, ' + _REST,
            ": the section page has a text that is not a string",
        ),
        (
            _DE,
            '{"page": {}, "script": {"saved": "x"}, ' + _REST,
            ": the text login.title is missing in the section page",
        ),
    ],
)
def test_a_broken_language_file_is_reported_with_its_place(tmp_path: Path, file: str, text: str, problem: str) -> None:
    folder = tmp_path / _TEXTS
    for language in ("en", "de"):
        (folder / language).mkdir(parents=True)
    (folder / _EN).write_text(_ENGLISH)
    (folder / file).write_text(text)

    assert first_problem([folder / file]) == f"{folder / file}{problem}"


def test_a_new_english_text_is_missing_in_the_other_languages(tmp_path: Path) -> None:
    folder = tmp_path / _TEXTS
    for language in ("en", "de"):
        (folder / language).mkdir(parents=True)
    (folder / _EN).write_text(_ENGLISH)
    (folder / _DE).write_text('{"page": {"login.title": "Anmelden"}, "script": {}, ' + _REST)

    assert first_problem([folder / _EN]) == f"{folder / _DE}: the text saved is missing in the section script"


def test_a_broken_language_file_is_not_deployed_until_it_is_fixed(project: Path) -> None:
    """A deployment takes every file, so an edit of another one must not include it."""
    english = f"{_TEXTS}/{_EN}"
    said, deployed = redeployed(
        project, {english: _ENGLISH[:-1]}, {HANDLER: "other = 1\n"}, {english: _ENGLISH}, {HANDLER: "last = 1\n"}
    )

    complaint = f"Not deployed: {project / english}, line 1: Expecting ',' delimiter"
    assert [line for line in said if line.startswith("Not deployed: ")] == [complaint, complaint]
    assert [files[HANDLER] for files in deployed] == ["other = 1\n", "last = 1\n"]


def test_the_current_files_have_no_problem() -> None:
    paths = watched_files(PROJECT)

    assert len([path for path in paths if path.suffix in {".py", ".json"}]) > 100
    assert first_problem(paths) is None
