"""Passwords: policy, storage and verification.

Stored as ``<scheme>:<pepper version>:<bcrypt>``. The input of bcrypt is base64(HMAC-SHA-384(pepper, prepared)): always
64 ASCII bytes, so nothing is truncated at 72 bytes or ended by a NUL byte (OWASP Password Storage, "Pre-hashing").

A password is prepared so that it is the same on every keyboard: U+0020 for every other space, then NFC (RFC 8265 4.2).
The first scheme kept all spaces. Its hashes verify as before, and are replaced at the next login.

The pepper is stored outside the tables, so hashes of a stolen table cannot be guessed. It is versioned, so that it can
be rotated while old hashes still verify.
"""

from __future__ import annotations

import base64
import hmac
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import bcrypt
from msgspec import Struct

from accounts import text
from accounts.errors import InvalidInput, WeakPassword
from accounts.limits import (
    BCRYPT_COST,
    BCRYPT_COSTS_ACCEPTED,
    PASSWORD_MAX_BYTES,
    PASSWORD_MAX_CHARACTERS,
)
from accounts.model.peppers import Peppers

FIRST_SCHEME = "hmac-sha384+bcrypt"
SCHEME = "opaque+hmac-sha384+bcrypt"
_TOO_SHORT = "Use at least {at_least} characters: a few words in a row are easy to remember."
_TOO_LONG = "A password can have {at_most} characters at most."
_PERSONAL = "Choose a password that is not made of your email address or the name of this service."
_COMMON = "This password is on lists that attackers try first. Choose a different one."
COMMON_PASSWORDS = Path(__file__).with_name("common_passwords.txt")
# The whole hash is checked, because bcrypt raises for a salt that is not in its base64.
_BCRYPT = re.compile(r"\$2b\$([0-9]{2})\$[./A-Za-z0-9]{53}")
SERVICE_WORDS = ("comfy", "comfyui", "comfyorg", "comfycloud", "comfyaccount")


class BreachedPasswords(Protocol):
    def contains(self, password: str) -> bool:
        """Whether the password has leaked; False when the list is not available (see ``accounts.breach_lists``)."""


class Verdict(Struct, frozen=True):
    """``outdated``: the password matches, and should be hashed again with the current pepper or cost."""

    matches: bool
    outdated: bool


class PasswordHasher(Protocol):
    """Each call computes exactly one bcrypt."""

    def hash(self, password: str) -> str:
        """The stored form of a password."""

    def verify(self, password: str, stored: str | None) -> Verdict:
        """Check a password against its stored form; None never matches and takes the same time."""


class BcryptHasher(Struct, frozen=True):
    """``peppers`` is called on each use with the version that is needed, or an empty string.

    A new version is therefore found without a restart.
    """

    peppers: Callable[[str], Peppers]
    cost: int = BCRYPT_COST

    def hash(self, password: str) -> str:
        """The stored form of a password, with the current pepper and a new salt."""
        peppers = self.peppers("")
        hashed = bcrypt.hashpw(_pre_hash(prepared(password), peppers.keys[peppers.current]), bcrypt.gensalt(self.cost))
        return f"{SCHEME}:{peppers.current}:{hashed.decode()}"

    def verify(self, password: str, stored: str | None) -> Verdict:
        """Exactly one bcrypt in every case (ASVS 6.3.8): a missing or malformed hash is replaced by a dummy.

        A stored cost outside 10..14 is not computed, so that a manipulated item cannot block the function.
        """
        scheme, version, hashed = _readable(stored)
        peppers = self.peppers(version)
        if not hashed or version not in peppers.keys:
            bcrypt.checkpw(_pre_hash(prepared(password), peppers.keys[peppers.current]), _dummy(self.cost))
            return Verdict(matches=False, outdated=False)
        matches = bcrypt.checkpw(_pre_hash(_prepared(password, scheme), peppers.keys[version]), hashed)
        outdated = (scheme, version, _cost(hashed)) != (SCHEME, peppers.current, self.cost)
        return Verdict(matches=matches, outdated=matches and outdated)


class Policy(Struct, frozen=True):
    """The minimum length of new passwords, and the list of leaked ones."""

    min_characters: int
    breached: BreachedPasswords


def check_acceptable(password: str, *, email: str, policy: Policy) -> None:
    """Raise WeakPassword, saying why, when a new password violates the policy.

    Length only, no composition rules (ASVS 6.2.5). The whole password is compared with the bundled list and a breach
    list (ASVS 6.2.4, 6.2.12), and with words of this account and service (ASVS 6.2.11).
    """
    check_length(password)
    normal = prepared(password)
    if len(normal) < policy.min_characters:
        raise WeakPassword(_TOO_SHORT, at_least=policy.min_characters)
    if _is_personal(normal, email):
        raise WeakPassword(_PERSONAL)
    if is_common(normal) or policy.breached.contains(normal):
        raise WeakPassword(_COMMON)


def check_length(password: str) -> None:
    """Raise InvalidInput for a password longer than any account can have, before any work is done."""
    # Bytes first, to bound the work of NFC. Characters are counted as they are hashed.
    too_long = len(password.encode()) > PASSWORD_MAX_BYTES
    if too_long or len(prepared(password)) > PASSWORD_MAX_CHARACTERS:
        raise InvalidInput(_TOO_LONG, at_most=PASSWORD_MAX_CHARACTERS)


def prepared(password: str) -> str:
    """The password as it is hashed (OpaqueString of RFC 8265, which also refuses control characters)."""
    return _nfc(text.spaced(password))


def is_common(password: str) -> bool:
    """Whether the bundled list contains the password, ignoring case."""
    candidate = _nfc(password.casefold())
    return "\n" not in candidate and f"\n{candidate}\n".encode() in COMMON_PASSWORDS.read_bytes()


def _is_personal(password: str, email: str) -> bool:
    """Whether the password is the email address or the service's name, repeated or with digits and punctuation."""
    folded = password.casefold()
    if folded == email:
        return True
    letters = "".join(character for character in folded if character.isalnum())
    words = {*SERVICE_WORDS, email.partition("@")[0], email}
    return any(_repeats(letters, "".join(c for c in word if c.isalnum())) for word in words)


def _repeats(text: str, word: str) -> bool:
    if not text or not word:
        return False
    core = text.strip("0123456789") or text
    return any(candidate == word * (len(candidate) // len(word)) for candidate in (text, core))


def _nfc(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def _prepared(password: str, scheme: str) -> str:
    return _nfc(password) if scheme == FIRST_SCHEME else prepared(password)


def _pre_hash(normal: str, pepper: bytes) -> bytes:
    return base64.b64encode(hmac.digest(pepper, normal.encode(), "sha384"))


def _readable(stored: str | None) -> tuple[str, str, bytes]:
    """Scheme, pepper version and bcrypt hash of a stored form; all empty when the service never wrote such a form."""
    scheme, _, rest = (stored or "").partition(":")
    version, _, hashed = rest.partition(":")
    known = scheme in {SCHEME, FIRST_SCHEME} and _BCRYPT.fullmatch(hashed)
    if not known or _cost(hashed.encode()) not in BCRYPT_COSTS_ACCEPTED:
        return "", "", b""
    return scheme, version, hashed.encode()


def _cost(hashed: bytes) -> int:
    return int(hashed[4:6])


def _dummy(cost: int) -> bytes:
    """A well-formed hash that no password matches, for its cost."""
    return b"$2b$%02d$" % cost + b"." * 53
