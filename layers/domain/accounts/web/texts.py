"""What pages say, in every language there is: one catalogue a language, ``static/texts/<language>.json``.

``page`` holds what stands in the HTML, ``script`` what modules say as things happen; a page may use both. Words in
braces are filled in: the service's own numbers here, what only the page knows by its module.
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
    """The best language there is for an ``Accept-Language`` header (RFC 9110 12.5.4)."""
    ranges = [_weighted(part) for part in accept_language.split(",")]
    best = sorted(((weight, tag) for tag, weight in ranges if weight > 0 and tag in LANGUAGES), reverse=True)
    return best[0][1] if best else DEFAULT


def catalogue(language: str, constants: Mapping[str, str]) -> dict[str, str]:
    """Every text by its key."""
    sections = _read(language)
    return {key: _filled(text, constants) for section in sections.values() for key, text in section.items()}


def module(language: str, constants: Mapping[str, str]) -> str:
    """What modules say, as a module."""
    said = {key: _filled(text, constants) for key, text in _read(language)["script"].items()}
    return f"export default {json.dumps(said, ensure_ascii=False)};\n"


def _weighted(part: str) -> tuple[str, float]:
    """One range as its primary language and weight; a range that cannot be read weighs nothing."""
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
