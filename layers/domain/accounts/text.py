"""Names and descriptions that people choose."""

from __future__ import annotations

import unicodedata

from accounts.errors import InvalidInput

# Control, format (bidi overrides, zero width), surrogate, private use, unassigned, line and paragraph separators.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def line(field: str, value: str, *, at_most: int, required: bool = False) -> str:
    """One line of visible text, in NFC and without surrounding spaces; raises InvalidInput, naming ``field``.

    Format characters are refused, because a bidi override or a zero-width space can make one name look like another
    (ASVS 1.2.1, 2.2.1). This also refuses emoji joined with U+200D, which we accept.
    """
    # Checked before normalising, to bound the work, and again after it, because NFC can make text longer.
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
