"""What people type: normalized first, then judged (RFC 8264 7).

Names and descriptions take the steps of nicknames (RFC 8266 2.1): spaces become U+0020, outer and repeated ones are
removed, then NFC.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime

from accounts.errors import ConfigurationError, InvalidInput
from accounts.limits import MOMENT_MAX_CHARACTERS

# The longest canonical decomposition of a character: n characters in NFC were at most four times as many when typed.
LONGEST_DECOMPOSITION = 4
_TOO_LONG = "The {field} can have at most {at_most} characters."
_MISSING = "Enter a {field}."
_UNUSUAL = (
    "The {field} cannot contain the character {character} (number {number}), which is invisible or has no common "
    "meaning. Delete it, or type the {field} again."
)

_WHITE_SPACE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
# Left-to-right, right-to-left and Arabic letter mark: they have no glyph and only set a direction.
_DIRECTION_MARKS = "\u200e\u200f\u061c"
# Zero-width space, word joiner, byte order mark and soft hyphen, which are copied along from documents.
_INVISIBLE = "\u200b\u2060\ufeff\xad"
# Embeddings, overrides and isolates, which programs put around text that they copy.
_BIDI_CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# Mongolian vowel separator, zero-width non-joiner and joiner: only at the beginning they are never spelling.
_JOINERS = "\u180e\u200c\u200d"
# Besides dashes (Pd): minus, modifier minus, heavy minus, hyphen bullet, a line, and the long vowel of kana keyboards.
_OTHER_DASHES = "\u2212\u02d7\u2796\u2043\u2500\u30fc"


def line(field: str, value: str, *, at_most: int, required: bool = False) -> str:
    """One line of visible text, normalized; raises InvalidInput, naming ``field``.

    Control characters, bidi overrides and zero-width spaces are refused, because they can make one name look like
    another (ASVS 1.2.1, 2.2.1).
    """
    stripped = _stripped(value)
    # Compared before NFC, too, to bound its work.
    cleaned = _nfc(stripped) if len(stripped) <= LONGEST_DECOMPOSITION * at_most else stripped
    if len(cleaned) > at_most:
        raise InvalidInput(_TOO_LONG, field=field, at_most=at_most)
    for at in _refused(cleaned):
        raise InvalidInput(_UNUSUAL, field=field, character=f"U+{ord(cleaned[at]):04X}", number=at + 1)
    if required and not cleaned:
        raise InvalidInput(_MISSING, field=field)
    return cleaned


def configured(setting: str, value: str, *, at_most: int) -> str:
    """``line`` for a name of the configuration; raises ConfigurationError, naming ``setting``."""
    try:
        return line("name", value, at_most=at_most, required=True)
    except InvalidInput as refusal:
        message = f"{setting} {refusal.message}"
        raise ConfigurationError(message) from refusal


def visible(value: str, *, at_most: int) -> str:
    """The text as ``line`` would store it, without what ``line`` refuses, and cut off after ``at_most`` characters."""
    return _visible(_visible(value[: LONGEST_DECOMPOSITION * at_most])[:at_most])


def trimmed(value: str) -> str:
    """An address or a code without white space and invisible characters at its ends, which were copied along."""
    return value.strip(_WHITE_SPACE + _INVISIBLE + _DIRECTION_MARKS + _BIDI_CONTROLS + _JOINERS)


def code(value: str) -> str:
    """A code in plain upper-case letters and digits, typed with any keyboard: without spaces and dashes."""
    letters = (c for c in unicodedata.normalize("NFKC", trimmed(value)) if not _separates(c))
    return "".join(letters).upper()


def spaced(value: str) -> str:
    """The text with U+0020 for every other space (RFC 8265 4.2.1, RFC 8266 2.1)."""
    return "".join(" " if unicodedata.category(c) == "Zs" else c for c in value)


def _separates(character: str) -> bool:
    return unicodedata.category(character) in {"Pd", "Zs", "Cf"} or character in _OTHER_DASHES


def _stripped(value: str) -> str:
    """Without direction marks, outer and repeated spaces, outer invisible characters, and repeated joiners."""
    outer = _WHITE_SPACE + _INVISIBLE
    directed = dict.fromkeys(map(ord, _DIRECTION_MARKS))
    stripped = value.translate(directed).strip(outer).lstrip(outer + _JOINERS)
    joined = "".join(c for at, c in enumerate(stripped) if c not in _JOINERS or stripped[at - 1] != c)
    return " ".join(filter(None, spaced(joined).split(" ")))


def _refused(value: str) -> Iterable[int]:
    from accounts import characters  # noqa: PLC0415 - every function loads this module, and few read a name

    return characters.refused(value)


def _nfc(value: str) -> str:
    return unicodedata.normalize("NFC", value)


def _visible(value: str) -> str:
    """Normalized, without refused characters. Repeated: a character may be refused once its neighbour is gone."""
    found = _nfc(_stripped(value))
    while refused := set(_refused(found)):
        found = _nfc(_stripped("".join(c for at, c in enumerate(found) if at not in refused)))
    return found


def moment(given: str) -> datetime | None:
    """ISO 8601 with a time zone; None for anything else. A date alone is another moment for each reader."""
    try:
        found = datetime.fromisoformat(given if len(given) <= MOMENT_MAX_CHARACTERS else "")
    except ValueError:
        return None
    return found if found.utcoffset() is not None else None
