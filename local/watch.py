"""Watches for edits and redeploys."""

import ast
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Event

from watchfiles import watch

WATCHED = ("functions", "layers/domain")
TEMPLATES = ("template.yaml", "monitoring/template.yaml")
_SECTIONS = ("page", "script", "account", "device", "in_app", "keys", "question", "second_step", "strength", "verify")
_NAMED = 3
_DEBOUNCE = 300
"""Milliseconds: several writes of an editor within this time are one edit."""


def watch_for_edits(project: Path, deploy: Callable[[], bool], say: Callable[[str], None], stop: Event) -> None:
    """Redeploy after each edit until stopped."""
    redeploy(_edits(project, stop), project, deploy, say, stop)


def redeploy(
    edits: Iterable[list[Path]], project: Path, deploy: Callable[[], bool], say: Callable[[str], None], stop: Event
) -> None:
    """Redeploy after each of ``edits``. A broken edit is reported, and the last good deployment keeps running.

    A file with a problem is checked again at the next edit of any file, because a deployment includes all of them.
    """
    unchecked: set[Path] = set()
    for edited in edits:
        say(f"Changed: {', '.join(_short(path, project) for path in edited[:_NAMED])}{_more(edited)}; redeploying")
        unchecked.update(edited)
        if problem := first_problem(sorted(unchecked)):
            say(f"Not deployed: {problem}")
            continue
        unchecked.clear()
        if not stop.is_set():
            deploy()


def watched_files(project: Path) -> list[Path]:
    """Return every watched file, except the templates."""
    return sorted(path for name in WATCHED for path in (project / name).rglob("*"))


def _edits(project: Path, stop: Event) -> Iterator[list[Path]]:
    """Yield the files of each edit.

    The templates are polled twice a second instead of watched: if an editor saves by renaming, a watcher of a single
    file keeps watching the old one, and watching their folder would mean watching everything.
    """
    templates = [project / name for name in TEMPLATES]
    before = [_stamp(template) for template in templates]
    folders = [project / name for name in WATCHED if (project / name).is_dir()]
    for changes in watch(*folders, debounce=_DEBOUNCE, rust_timeout=500, yield_on_timeout=True, stop_event=stop):
        edited = {Path(path) for _, path in changes}
        now = [_stamp(template) for template in templates]
        edited |= {template for template, old, new in zip(templates, before, now, strict=True) if old != new}
        before = now
        if edited:
            # Ignore an editor's temporary files, which are gone; if no file is left, a file was deleted.
            yield sorted({path for path in edited if path.exists()} or edited)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        return (path.stat().st_mtime_ns, path.stat().st_size)
    except FileNotFoundError:  # It is being replaced.
        return (0, 0)


def first_problem(paths: Iterable[Path]) -> str | None:
    """Return the first file that would break the deployed service, with line and reason."""
    for path in _with_other_languages(paths):
        try:
            if path.suffix == ".py" and path.is_file():
                ast.parse(path.read_bytes(), filename=str(path))
            elif _is_language(path) and path.is_file():
                _check_language(path)
        except SyntaxError as error:
            return f"{path}, line {error.lineno}: {error.msg}"
        except json.JSONDecodeError as error:
            return f"{path}, line {error.lineno}: {error.msg}"
        except ValueError as error:
            return f"{path}: {error}"
    return None


def _is_language(path: Path) -> bool:
    return path.name == "pages.json" and path.parents[1].name == "languages"


def _with_other_languages(paths: Iterable[Path]) -> list[Path]:
    """Add the other languages of an edited one: a text that is new in English is missing in the others."""
    given = list(paths)
    beside = {other for path in given if _is_language(path) for other in path.parents[1].glob("*/pages.json")}
    return [*given, *sorted(beside - set(given))]


def _check_language(path: Path) -> None:
    """Raise ValueError unless the file has every text that the pages use."""
    found = _catalogue(path)
    try:
        english = _catalogue(path.parents[1] / "en" / path.name)
    except (OSError, ValueError):  # Reported as a problem of the English file.
        return
    for section in _SECTIONS:
        if missing := english[section].keys() - found[section].keys():
            raise ValueError(f"the text {min(missing)} is missing in the section {section}")


def _catalogue(path: Path) -> dict[str, dict[str, str]]:
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or set(found) != set(_SECTIONS):
        raise ValueError(
            f"a language file has the sections {', '.join(_SECTIONS[:-1])} and {_SECTIONS[-1]}, and no others"
        )
    for name, texts in found.items():
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            raise ValueError(f"the section {name} has a text that is not a string")
    return found


def _short(path: Path, project: Path) -> str:
    return str(path.relative_to(project)) if path.is_relative_to(project) else str(path)


def _more(edited: list[Path]) -> str:
    return f" and {len(edited) - _NAMED} more" if len(edited) > _NAMED else ""
