"""Who an email greets. A name is text that someone chose, perhaps to use our emails for their own message."""

from __future__ import annotations

import re
import unicodedata

from accounts.limits import GREETED_NAME_MAX_CHARACTERS, GREETED_NAME_MAX_WORDS

# Of names in one of the languages, or between two names in another.
_MARKS = frozenset("'\u2019-\u2010\u00b7\u30fb. ")
# Between letters, a full stop makes an address that email programs turn into a link.
_LIKE_ADDRESS = re.compile(r"\.[^ ]")


def greeted(name: str) -> str:
    """The name, if it is one: a few words of letters. Otherwise empty, and the email has no name in its greeting."""
    is_short = len(name) <= GREETED_NAME_MAX_CHARACTERS and len(name.split()) <= GREETED_NAME_MAX_WORDS
    is_plain = all(character in _MARKS or unicodedata.category(character)[0] in "LM" for character in name)
    return name if is_short and is_plain and not _LIKE_ADDRESS.search(name) else ""
