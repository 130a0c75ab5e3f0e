"""Passwords: what may be one, how one is stored, how one is checked.

Stored form: ``<scheme>:<pepper version>:<bcrypt>``. What bcrypt sees is base64(HMAC-SHA-384(pepper, NFC(password))),
always 64 ASCII bytes: shorter than bcrypt's 72, so nothing is cut off, and text, so a NUL byte cannot end it early
(OWASP Password Storage, "Pre-hashing"). The pepper lives outside the tables, so a stolen table alone cannot be guessed
at, and it has versions, so that it can be replaced while old hashes still verify.
"""

from __future__ import annotations

import base64
import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import bcrypt
from msgspec import Struct

from accounts.errors import InvalidInput, WeakPassword
from accounts.limits import (
    BCRYPT_COST,
    BCRYPT_COSTS_ACCEPTED,
    PASSWORD_MAX_BYTES,
    PASSWORD_MAX_CHARACTERS,
)

SCHEME = "hmac-sha384+bcrypt"
_COMMON_PASSWORDS = Path(__file__).with_name("common_passwords.txt")
# All of it is checked: bcrypt raises for a salt that is not its own base64.
_BCRYPT = re.compile(r"\$2b\$([0-9]{2})\$[./A-Za-z0-9]{53}")
_SERVICE_WORDS = ("comfy", "comfyui", "comfyorg", "comfycloud", "comfyaccount")


class Peppers(Struct, frozen=True):
    """The keys of the pre-hash by version, and the version that new hashes use."""

    current: str
    keys: Mapping[str, bytes]


class BreachedPasswords(Protocol):
    """A list of passwords that are known to have leaked."""

    def contains(self, password: str) -> bool:
        """Whether the password has leaked; False when the list cannot be asked (documented in the edge)."""


class Verdict(Struct, frozen=True):
    """What checking a password told: whether it ``matches``, and whether its hash should be made anew."""

    matches: bool
    outdated: bool


class PasswordHasher(Protocol):
    """Hashes and verifies; each call costs exactly one bcrypt."""

    def hash(self, password: str) -> str:
        """The stored form of a password."""

    def verify(self, password: str, stored: str | None) -> Verdict:
        """Check a password against a stored form; with None, do the same work and say no."""


class BcryptHasher(Struct, frozen=True):
    """The one way passwords are hashed here.

    ``peppers`` is asked on each use, so that a new version takes effect, and told the version that is wanted, if any.
    """

    peppers: Callable[[str], Peppers]
    cost: int = BCRYPT_COST

    def hash(self, password: str) -> str:
        """The stored form of a password, under the current pepper, with a fresh salt."""
        peppers = self.peppers("")
        hashed = bcrypt.hashpw(_pre_hash(password, peppers.keys[peppers.current]), bcrypt.gensalt(self.cost))
        return f"{SCHEME}:{peppers.current}:{hashed.decode()}"

    def verify(self, password: str, stored: str | None) -> Verdict:
        """Exactly one bcrypt in every case (ASVS 6.3.8): a missing, foreign or malformed hash is met with a dummy.

        A stored cost outside 10..14 is not computed: a poisoned row must not hang the function.
        """
        version, hashed = _readable(stored)
        peppers = self.peppers(version)
        if not hashed or version not in peppers.keys:
            bcrypt.checkpw(_pre_hash(password, peppers.keys[peppers.current]), _dummy(self.cost))
            return Verdict(matches=False, outdated=False)
        matches = bcrypt.checkpw(_pre_hash(password, peppers.keys[version]), hashed)
        outdated = version != peppers.current or _cost(hashed) != self.cost
        return Verdict(matches=matches, outdated=matches and outdated)


class Policy(Struct, frozen=True):
    """What a deployment asks of a new password: how many characters at least, and not to be on a list of leaks."""

    min_characters: int
    breached: BreachedPasswords


def check_acceptable(password: str, *, email: str, policy: Policy) -> None:
    """Refuse a new password that breaks the policy; raises WeakPassword saying why.

    Length only, no composition rules (ASVS 6.2.5); compared whole with the bundled list and a breach source
    (ASVS 6.2.4, 6.2.12), and with the words of this account (ASVS 6.2.11).
    """
    check_length(password)
    normal = unicodedata.normalize("NFC", password)
    if len(normal) < policy.min_characters:
        message = f"Use at least {policy.min_characters} characters: a few words in a row are easy to remember."
        raise WeakPassword(message)
    if _is_personal(normal, email):
        message = "Choose a password that is not made of your email address or the name of this service."
        raise WeakPassword(message)
    if is_common(normal) or policy.breached.contains(normal):
        message = "This password is on lists that attackers try first. Choose another one."
        raise WeakPassword(message)


def check_length(password: str) -> None:
    """Refuse what no account can have as its password, before any work is done; raises InvalidInput."""
    # Characters are counted as they are hashed, in NFC; the bytes first, so that NFC has little to do.
    too_long = len(password.encode()) > PASSWORD_MAX_BYTES
    if too_long or len(unicodedata.normalize("NFC", password)) > PASSWORD_MAX_CHARACTERS:
        message = f"A password can have {PASSWORD_MAX_CHARACTERS} characters at most."
        raise InvalidInput(message)


def is_common(password: str) -> bool:
    """Whether the bundled list holds the password, letter case aside."""
    candidate = unicodedata.normalize("NFC", password.casefold())
    return "\n" not in candidate and f"\n{candidate}\n".encode() in _COMMON_PASSWORDS.read_bytes()


def _is_personal(password: str, email: str) -> bool:
    """Whether the password is one of the account's own words, repeated or with a few digits and signs around it."""
    folded = password.casefold()
    if folded == email:
        return True
    letters = "".join(character for character in folded if character.isalnum())
    words = {*_SERVICE_WORDS, email.partition("@")[0], email}
    return any(_repeats(letters, "".join(c for c in word if c.isalnum())) for word in words)


def _repeats(text: str, word: str) -> bool:
    if not text or not word:
        return False
    core = text.strip("0123456789") or text
    return any(candidate == word * (len(candidate) // len(word)) for candidate in (text, core))


def _pre_hash(password: str, pepper: bytes) -> bytes:
    normal = unicodedata.normalize("NFC", password).encode()
    return base64.b64encode(hmac.digest(pepper, normal, "sha384"))


def _readable(stored: str | None) -> tuple[str, bytes]:
    """Version and bcrypt hash of a stored form, both empty when it is not one that we would have written."""
    scheme, _, rest = (stored or "").partition(":")
    version, _, hashed = rest.partition(":")
    if scheme != SCHEME or not _BCRYPT.fullmatch(hashed) or _cost(hashed.encode()) not in BCRYPT_COSTS_ACCEPTED:
        return "", b""
    return version, hashed.encode()


def _cost(hashed: bytes) -> int:
    return int(hashed[4:6])


def _dummy(cost: int) -> bytes:
    """A well-formed hash that no password matches; only the time that checking against it takes is wanted."""
    return b"$2b$%02d$" % cost + b"." * 53
