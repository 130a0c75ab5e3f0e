"""The two codes of a device without a browser, and what becomes of them (RFC 8628).

The device keeps one, long, and asks with it again and again; a person types the other, short, where they are signed in.
Two items, each under the digest of its code. The short one leads to the long one and becomes the account's that enters
it first; it is used up by the answer, which is written on the long one, for the device to find.

The short code has 35 bits, so its digest hides it from a glance and not from a search. Whoever can read the table finds
a code that lives for ten minutes, opens nothing, and could have been had by asking for one.
"""

from __future__ import annotations

import secrets as _random

from msgspec import Struct

from accounts import secrets
from accounts.limits import USER_CODE_CHARACTERS

# RFC 8628 6.1: no vowels, so that no word comes out, and nothing that is read for something else.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_HALF = USER_CODE_CHARACTERS // 2
_PUNCTUATION = str.maketrans("", "", " -\u2010\u2011\u2012\u2013\u2014\u2212")


class Codes(Struct, frozen=True):
    """A pair of codes, which exist in the answer and nowhere else. ``user_code`` is as people are shown it."""

    device_code: str
    user_code: str

    def __repr__(self) -> str:
        """Without the codes: it may end up in a traceback."""
        return "Codes()"


def new_user_code() -> str:
    """Eight letters, each with equal chance."""
    return "".join(_random.choice(ALPHABET) for _ in range(USER_CODE_CHARACTERS))


def shown(user_code: str) -> str:
    """As people read it: ``WDJB-MJHT``."""
    return f"{user_code[:_HALF]}-{user_code[_HALF:]}"


def typed(text: str) -> str | None:
    """The digest of the code that a person typed, in any case and with or without dashes; None for what is no code."""
    letters = text.translate(_PUNCTUATION).upper()
    is_code = len(letters) == USER_CODE_CHARACTERS and set(ALPHABET).issuperset(letters)
    return secrets.digest(letters) if is_code else None
