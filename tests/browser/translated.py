"""Scenes find texts by their English words: here they find those of another language, to show its pages."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from playwright.sync_api import Locator, Page

from accounts import languages

# Characters. Shorter parts of a text are in others, too.
_TELLING = 8
_WORDS = 3
_BLANK = re.compile(r"{\w+}")
_PARTS = re.compile(r"{\w+}|(?<=\.) ")


@contextmanager
def reading(language: str) -> Iterator[None]:
    """Within it, ``get_by_role``, ``get_by_label`` and ``get_by_text`` find what the language says instead."""
    with ExitStack() as stack:
        if language != languages.DEFAULT:
            translation = Translation(language)
            for kind in (Page, Locator):
                for name in ("get_by_role", "get_by_label", "get_by_text"):
                    stack.enter_context(patch.object(kind, name, translation.of(getattr(kind, name))))
        yield


class Translation:
    """From English to one language."""

    def __init__(self, language: str) -> None:
        self._pairs = list(_pairs(language))

    def of(self, find: Any) -> Any:
        """``find`` of a page or locator, with the words of the language."""

        def found(place: Any, *args: Any, **options: Any) -> Any:
            exact = options.pop("exact", False)
            if "name" in options:
                options["name"] = self._pattern(options["name"], exact=exact)
            elif find.__name__ != "get_by_role":
                args = (self._pattern(args[0], exact=exact),)
            return find(place, *args, **options)

        return found

    def _pattern(self, words: Any, *, exact: bool) -> Any:
        if not isinstance(words, str):
            return words
        either = "|".join(dict.fromkeys([re.escape(words), *self._translations(words)]))
        return re.compile(rf"^\s*(?:{either})\s*$" if exact else f"(?:{either})", 0 if exact else re.IGNORECASE)

    def _translations(self, words: str) -> list[str]:
        """Patterns for the words, for a text with filled blanks, or for texts that have a part in common with them."""
        same = [other for english, other in self._pairs if english == words]
        filled = [_filled(english, other, words) for english, other in self._pairs]
        alike = [
            other for english, other in self._pairs if words in english or any(it in words for it in _parts(english))
        ]
        return [_any(it) for it in same] or [*filter(None, filled), *map(_any, alike)]


def _pairs(language: str) -> Iterator[tuple[str, str]]:
    """The texts that have words of their own."""
    english, other = (languages.read(it, "pages") for it in (languages.DEFAULT, language))
    for section, texts in english.items():
        yield from ((text, other[section][name]) for name, text in texts.items() if _has_words(text))
    yield from languages.read(language, "errors")["messages"].items()


def _has_words(text: str) -> bool:
    """More than "{browser} on {system}", which many texts look like."""
    return len(_BLANK.sub("", text).strip()) >= _WORDS


def _filled(english: str, other: str, words: str) -> str:
    """A pattern of the other text with its blanks filled as in the words; empty if these are another text."""
    blanks = dict(zip(_BLANK.findall(english), "abcdef", strict=False))
    named = _BLANK.sub(lambda blank: f"(?P<{blanks[blank[0]]}>.+)", re.sub(r"([^\w{}])", r"\\\1", english))
    found = re.fullmatch(named, words) if len(blanks) == len(_BLANK.findall(english)) else None
    if not found:
        return ""
    parts = re.split(r"({\w+})", other)
    values = {blank: f"\u2068?{re.escape(found[name])}\u2069?" for blank, name in blanks.items()}
    return "".join(values.get(part, re.escape(part)) for part in parts)


def _any(text: str) -> str:
    """A pattern in which the text's blanks are filled with anything."""
    return ".+".join(re.escape(part) for part in _BLANK.split(text))


def _parts(text: str) -> list[str]:
    """Sentences, and what is between blanks, if it is long enough to tell the text from others."""
    parts = (part.strip() for part in _PARTS.split(text))
    return [part for part in parts if len(part) >= _TELLING]
