"""Texts of the pages: one catalogue per language, ``static/texts/<language>.json``.

Section ``page`` is for HTML, section ``script`` for JavaScript, and section ``account`` for that of the account page,
so that other pages do not load it. HTML may use all. Placeholders in braces are filled
here with the service's limits, and in JavaScript with values that only the page has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("static") / "texts"
DEFAULT = "en"
LANGUAGES = (DEFAULT,)


def preferred(accept_language: str) -> str:
    """The best available language for an ``Accept-Language`` header (RFC 9110 12.5.4)."""
    ranges = [_weighted(part) for part in accept_language.split(",")]
    best = sorted(((weight, tag) for tag, weight in ranges if weight > 0 and tag in LANGUAGES), reverse=True)
    return best[0][1] if best else DEFAULT


def catalogue(language: str, constants: Mapping[str, str]) -> dict[str, str]:
    sections = _read(language)
    return {key: _filled(text, constants) for section in sections.values() for key, text in section.items()}


def script(language: str, constants: Mapping[str, str]) -> str:
    """The section ``script`` as JavaScript that runs before the modules."""
    return f"globalThis.texts = {_as_data('script', language, constants)};\n"


def more(section: str, language: str, constants: Mapping[str, str]) -> str:
    """Another section as JavaScript that runs after ``script``."""
    return f"Object.assign(globalThis.texts, {_as_data(section, language, constants)});\n"


def _as_data(section: str, language: str, constants: Mapping[str, str]) -> str:
    said = {key: _filled(text, constants) for key, text in _read(language)[section].items()}
    return json.dumps(said, ensure_ascii=False)


def _weighted(part: str) -> tuple[str, float]:
    """Primary language and weight of one range; the weight of an unreadable one is 0."""
    tag, _, weight = part.strip().lower().partition(";q=")
    try:
        return tag.partition("-")[0], float(weight or 1)
    except ValueError:
        return tag, 0


def _filled(text: str, constants: Mapping[str, str]) -> str:
    for name, value in constants.items():
        text = text.replace(f"{{{name}}}", value)
    return text


@cache
def _read(language: str) -> dict[str, dict[str, str]]:
    read: dict[str, dict[str, str]] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return read
