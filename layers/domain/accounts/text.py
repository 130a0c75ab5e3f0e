"""Text that people choose: names and descriptions."""

from __future__ import annotations

import unicodedata

from accounts.errors import InvalidInput

# Control, format (bidi overrides, zero width), surrogate, private use, unassigned, line and paragraph separators.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def line(field: str, value: str, *, at_most: int, required: bool = False) -> str:
    """One line of visible text in NFC without outer spaces; raises InvalidInput, naming ``field``.

    Format characters are refused because a name with a bidi override or a zero-width space can pass for another
    (ASVS 1.2.1, 2.2.1). Emoji joined by U+200D are lost to that rule, which we accept.
    """
    # Both lengths: the first before any work is done on the text, the second because NFC can make text longer.
    cleaned = unicodedata.normalize("NFC", value).strip() if len(value) <= at_most else value
    if len(cleaned) > at_most:
        message = f"The {field} can have {at_most} characters at most."
        raise InvalidInput(message)
    if any(unicodedata.category(character) in _REFUSED_CATEGORIES for character in cleaned):
        message = f"The {field} can have letters, digits, signs and spaces, but no invisible characters."
        raise InvalidInput(message)
    if required and not cleaned:
        message = f"Enter a {field}."
        raise InvalidInput(message)
    return cleaned
