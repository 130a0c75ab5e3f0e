"""What the service says to people: a folder for each language, with the texts of pages, emails and refusals.

Braces enclose what is filled in. English refusals are in the code: ``errors.json`` translates them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

FOLDER = Path(__file__).parent
DEFAULT: Final = "en"
# The folder of each language (BCP 47), and its own name for itself.
LANGUAGES: Mapping[str, str] = {
    DEFAULT: "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "pt-BR": "Português (Brasil)",
    "tr": "Türkçe",
    "ru": "Русский",
    "ar": "العربية",
    "zh-Hans": "中文（简体）",  # noqa: RUF001 - brackets of Chinese
    "zh-Hant": "中文（繁體）",  # noqa: RUF001
    "ja": "日本語",
    "ko": "한국어",
}
RIGHT_TO_LEFT = frozenset({"ar"})
# What the ranges of a header mean. Traditional characters are written in three regions.
_RANGES: Mapping[str, str] = {
    **{it.lower(): it for it in LANGUAGES},
    "zh-tw": "zh-Hant",
    "zh-hk": "zh-Hant",
    "zh-mo": "zh-Hant",
    "zh": "zh-Hans",
    "pt": "pt-BR",
}


def preferred(accept_language: str) -> str:
    """The best available language for an ``Accept-Language`` header (RFC 9110 12.5.4, RFC 4647 3.4)."""
    weighted = [_weighted(part) for part in accept_language.split(",")]
    # Sorting is stable: of two with the same weight, browsers name the preferred one first.
    for tag, _ in sorted((it for it in weighted if it[1] > 0), key=lambda it: -it[1]):
        if found := named(tag):
            return found
    return DEFAULT


def named(tag: str) -> str | None:
    """The available language for a tag such as ``de-AT``: the range is shortened until it matches."""
    subtags = tag.lower().split("-")
    for length in range(min(len(subtags), 3), 0, -1):
        if found := _RANGES.get("-".join(subtags[:length])):
            return found
    return None


def direction(language: str) -> str:
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def refusal(template: str, values: Mapping[str, object], language: str) -> str:
    """An English refusal in the language, with its values; English when there is no translation."""
    if language != DEFAULT:
        texts = read(language, "errors")
        template = texts["messages"].get(template, template)
        values = {name: texts["words"].get(str(value), value) for name, value in values.items()}
    return template.format(**values) if values else template


@cache
def read(language: str, part: str) -> Mapping[str, Mapping[str, str]]:
    """The texts of a part, such as ``emails``, by section and name."""
    sections: dict[str, dict[str, str]] = json.loads(source(language, part))
    return sections


def source(language: str, part: str) -> bytes:
    return (FOLDER / language / f"{part}.json").read_bytes()


def _weighted(part: str) -> tuple[str, float]:
    """The range and its weight; the weight of an unreadable one is 0."""
    tag, _, weight = part.strip().partition(";q=")
    try:
        return tag, float(weight or 1)
    except ValueError:
        return tag, 0
