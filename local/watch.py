"""Notice edits, and make them live."""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Event

from watchfiles import watch

WATCHED = ("functions", "layers/domain")
TEMPLATE = "template.yaml"
_NAMED = 3
_DEBOUNCE = 300
"""Milliseconds in which an editor's several writes count as one."""


def watch_for_edits(project: Path, deploy: Callable[[], bool], say: Callable[[str], None], stop: Event) -> None:
    """Redeploy after each edit until told to stop; what cannot be deployed is said, and the last good one stays."""
    for edited in _edits(project, stop):
        say(f"Changed: {', '.join(_short(path, project) for path in edited[:_NAMED])}{_more(edited)}; redeploying")
        problem = first_syntax_error(edited)
        if problem:
            say(f"Not deployed: {problem}")
        elif not stop.is_set():
            deploy()


def _edits(project: Path, stop: Event) -> Iterator[list[Path]]:
    """Give the files of each edit.

    The template is looked at twice a second instead of watched: an editor that saves by renaming leaves the watcher of
    a single file with the old one, and watching its folder would mean watching everything.
    """
    template = project / TEMPLATE
    before = _stamp(template)
    folders = [project / name for name in WATCHED if (project / name).is_dir()]
    for changes in watch(*folders, debounce=_DEBOUNCE, rust_timeout=500, yield_on_timeout=True, stop_event=stop):
        edited = {Path(path) for _, path in changes}
        if (now := _stamp(template)) != before:
            before = now
            edited.add(template)
        if edited:
            # What is gone again was an editor's own; if all is gone, something was deleted.
            yield sorted({path for path in edited if path.exists()} or edited)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        return (path.stat().st_mtime_ns, path.stat().st_size)
    except FileNotFoundError:  # In the middle of being replaced.
        return (0, 0)


def first_syntax_error(paths: Iterable[Path]) -> str | None:
    """Return where Python cannot read one of the files; deployed, it would answer every request with an error."""
    for path in paths:
        if path.suffix == ".py" and path.is_file():
            try:
                ast.parse(path.read_bytes(), filename=str(path))
            except SyntaxError as error:
                return f"{path}, line {error.lineno}: {error.msg}"
    return None


def _short(path: Path, project: Path) -> str:
    return str(path.relative_to(project)) if path.is_relative_to(project) else str(path)


def _more(edited: list[Path]) -> str:
    return f" and {len(edited) - _NAMED} more" if len(edited) > _NAMED else ""
