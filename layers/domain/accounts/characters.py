"""Which characters one line of a name can have.

Visible text, and the invisible characters that are part of its spelling. The class for nicknames (FreeformClass, RFC
8264) refuses too much: most emoji, variants of Han characters, middle dots, and characters newer than Python's table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Mongolian vowel separator, zero-width non-joiner and joiner: spelling in many scripts, and glue between emoji.
_JOINERS = "\u180e\u200c\u200d"
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Format characters with a glyph: signs around numbers and abbreviations (Prepended_Concatenation_Mark).
_VISIBLE_FORMATS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
# Letters, marks and a symbol without a glyph: Hangul fillers, Khmer inherent vowels, grapheme joiner, blank Braille.
_BLANK = "\u115f\u1160\u3164\uffa0\u17b4\u17b5\u034f\u2800"

type Ranges = tuple[tuple[int, int], ...]
# Unassigned, and reserved for characters without a glyph. All other unassigned characters are newer than this Python.
_RESERVED: Ranges = ((0x2065, 0x2065), (0xFDD0, 0xFDEF), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF))
_VARIATION_SELECTORS: Ranges = ((0x180B, 0x180D), (0x180F, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_SKIN_TONES: Ranges = ((0x1F3FB, 0x1F3FF),)
_MONGOLIAN: Ranges = ((0x1820, 0x18AA),)
_VIRAMA = 9  # its combining class
# The flags of England, Scotland, Wales and other regions (UTS 51 ED-14a): the only use of tag characters. Compiled only
# for a text that has one, because a class of such characters takes milliseconds.
_BLACK_FLAG = "\U0001f3f4"
_REGION_FLAG = _BLACK_FLAG + "[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"


def refused(line: str) -> Iterator[int]:
    """The positions of the characters that the line cannot have."""
    flags = _region_flags(line)
    return (at for at in range(len(line)) if at not in flags and not _is_allowed(line, at))


def _region_flags(line: str) -> set[int]:
    found = re.finditer(_REGION_FLAG, line) if _BLACK_FLAG in line else ()
    return {at for flag in found for at in range(*flag.span())}


def _is_allowed(line: str, at: int) -> bool:
    character, before = line[at], line[at - 1 : at]
    if character in _JOINERS:
        return _is_spelling(line, at)
    if _is_in(character, _VARIATION_SELECTORS):
        return before not in {"", " "} and not _is_in(before, _VARIATION_SELECTORS)
    category = unicodedata.category(character)
    if category == "Cn":
        is_noncharacter = ord(character) & 0xFFFE == 0xFFFE  # noqa: PLR2004 - the last two of each plane
        return not is_noncharacter and not _is_in(character, _RESERVED)
    return character in _VISIBLE_FORMATS or (category not in _REFUSED_CATEGORIES and character not in _BLANK)


def _is_spelling(line: str, at: int) -> bool:
    """Whether a joiner changes how its neighbours are written: beside a virama, after a joining letter, between emoji.

    RFC 5892 A.1 and A.2 are narrower. They refuse Bengali and Kannada, where the joiner is before the virama.
    """
    before, after = line[at - 1 : at], line[at + 1 : at + 2]
    if any(unicodedata.combining(c) == _VIRAMA for c in before + after):
        return True
    if _is_emoji(before) or _is_in(before, _VARIATION_SELECTORS):
        return _is_emoji(after)
    letter = next((c for c in reversed(line[:at]) if unicodedata.category(c) != "Mn"), "")
    return bool(letter) and (unicodedata.bidirectional(letter) in {"R", "AL"} or _is_in(letter, _MONGOLIAN))


def _is_emoji(character: str) -> bool:
    """Whether it can be part of a joined emoji, which may be newer than Python's table."""
    symbol = character and unicodedata.category(character) in {"So", "Sm", "Cn"}
    return bool(symbol) or _is_in(character, _SKIN_TONES)


def _is_in(character: str, ranges: Ranges) -> bool:
    return bool(character) and any(first <= ord(character) <= last for first, last in ranges)
