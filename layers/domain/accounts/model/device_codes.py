"""The two codes of the device authorization grant (RFC 8628).

The device polls with the device code. The owner types the user code in a browser. Each is stored as an item under the
digest of its code. The user code's item refers to the device code and belongs to the first account that enters it. The
owner's answer deletes it and is stored on the device code's item.

A user code has 35 bits, so its digest can be reversed. With read access to the table an attacker finds a code that is
valid for ten minutes and that anyone can request.
"""

from __future__ import annotations

import secrets as _random

from msgspec import Struct

from accounts import secrets, text
from accounts.limits import TYPED_CODE_MAX_CHARACTERS, USER_CODE_CHARACTERS

# RFC 8628 6.1: no vowels, so that no words are formed, and no characters that look alike.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_HALF = USER_CODE_CHARACTERS // 2


class Codes(Struct, frozen=True):
    """The codes in plain text; ``user_code`` is formatted for display."""

    device_code: str
    user_code: str

    def __repr__(self) -> str:
        """Omits the codes: it may be printed in a traceback."""
        return "Codes()"


def new_user_code() -> str:
    return "".join(_random.choice(ALPHABET) for _ in range(USER_CODE_CHARACTERS))


def shown(user_code: str) -> str:
    """Format a user code for display, as in ``WDJB-MJHT``."""
    return f"{user_code[:_HALF]}-{user_code[_HALF:]}"


def typed(code: str) -> str | None:
    """The digest of a user code as typed, with any keyboard and any dashes; None when it is not a user code."""
    letters = text.code(code) if len(code) <= TYPED_CODE_MAX_CHARACTERS else ""
    is_code = len(letters) == USER_CODE_CHARACTERS and set(ALPHABET).issuperset(letters)
    return secrets.digest(letters) if is_code else None
