"""The texts of the pages, filled with the service's limits.

Section ``page`` is for HTML, and section ``script`` for JavaScript. The sections of OF_SOME_PAGES are for that of some
pages, so that others do not load them. HTML may use all. JavaScript fills in what only the page knows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from accounts import languages

OF_SOME_PAGES = ("account", "device", "in_app", "keys", "question", "second_step", "strength", "verify")

_PART = "pages"


def catalogue(language: str, constants: Mapping[str, str]) -> dict[str, str]:
    sections = languages.read(language, _PART)
    return {key: _filled(text, constants) for section in sections.values() for key, text in section.items()}


def script(language: str, constants: Mapping[str, str]) -> str:
    """The section ``script`` as JavaScript that runs before the modules."""
    return f"globalThis.texts = {_as_data('script', language, constants)};\n"


def more(section: str, language: str, constants: Mapping[str, str]) -> str:
    """Another section as JavaScript that runs after ``script``."""
    return f"Object.assign(globalThis.texts, {_as_data(section, language, constants)});\n"


def files(constants: Mapping[str, str]) -> dict[str, Callable[[], str]]:
    """What makes each script, by the name of its file: few requests need a certain one."""
    of_all = {f"texts.{it}.js": partial(script, it, constants) for it in languages.LANGUAGES}
    of_some = {
        f"{section}.{it}.js": partial(more, section, it, constants)
        for section in OF_SOME_PAGES
        for it in languages.LANGUAGES
    }
    return {**of_all, **of_some}


def sources() -> Iterator[bytes]:
    """The texts of each language, unread."""
    return (languages.source(it, _PART) for it in languages.LANGUAGES)


def _as_data(section: str, language: str, constants: Mapping[str, str]) -> str:
    said = {key: _filled(text, constants) for key, text in languages.read(language, _PART)[section].items()}
    return json.dumps(said, ensure_ascii=False)


def _filled(text: str, constants: Mapping[str, str]) -> str:
    for name, value in constants.items():
        text = text.replace(f"{{{name}}}", value)
    return text
