"""How passwords are stored and checked: nothing cut off, nothing readable without the pepper, one bcrypt each."""

import base64
import hmac
import itertools
import unicodedata
from collections.abc import Iterator

import bcrypt
import pytest

from accounts.model import passwords
from accounts.model.passwords import SCHEME, BcryptHasher, Peppers, Verdict

_OLD, _NEW = b"o" * 48, b"n" * 48
RIGHT = Verdict(matches=True, outdated=False)
RIGHT_BUT_OLD = Verdict(matches=True, outdated=True)
WRONG = Verdict(matches=False, outdated=False)
# $2b$, cost 10, of some other text.
_SOUND = "$2b$10$" + "." * 53


def hasher(current: str = "1", cost: int = 10, **keys: bytes) -> BcryptHasher:
    """A hasher under the peppers ``v1``, ``v2`` ...; by default only one."""
    peppers = Peppers(current, {name.removeprefix("v"): key for name, key in (keys or {"v1": _OLD}).items()})
    return BcryptHasher(lambda _version: peppers, cost=cost)


class Bcrypt:
    """Stands in for bcrypt: writes down each call, computes nothing, and finds that everything matches."""

    gensalt = staticmethod(bcrypt.gensalt)

    def __init__(self) -> None:
        """Nothing was called yet."""
        self.calls: list[tuple[bytes, bytes]] = []

    def hashpw(self, password: bytes, salt: bytes) -> bytes:
        """A hash with that salt."""
        self.calls.append((password, salt))
        return salt + b"." * 31

    def checkpw(self, password: bytes, hashed: bytes) -> bool:
        """Yes."""
        self.calls.append((password, hashed))
        return True


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Bcrypt:
    """Every bcrypt that would be computed."""
    counting = Bcrypt()
    monkeypatch.setattr(passwords, "bcrypt", counting)
    return counting


def test_a_password_verifies_and_another_does_not() -> None:
    """The plainest promise of all."""
    stored = hasher().hash("seven green umbrellas")

    assert hasher().verify("seven green umbrellas", stored) == RIGHT
    assert hasher().verify("seven green umbrella", stored) == WRONG


def test_the_stored_form_names_scheme_pepper_and_cost() -> None:
    """``<scheme>:<pepper version>:$2b$<cost>$...``, so that any of them can change later (PW-07, PW-08)."""
    scheme, version, hashed = hasher(current="2", v2=_NEW).hash("seven green umbrellas").split(":")

    assert (scheme, version, hashed[:7], len(hashed)) == (SCHEME, "2", "$2b$10$", 60)


def test_new_hashes_cost_12() -> None:
    """What a deployment gets that says nothing about cost (PW-07)."""
    assert BcryptHasher(lambda _version: Peppers("1", {"1": _OLD})).cost == 12


def test_equal_passwords_have_different_hashes() -> None:
    """Each has its own salt, so a stolen table does not show who shares a password (PW-07)."""
    assert hasher().hash("seven green umbrellas") != hasher().hash("seven green umbrellas")


@pytest.mark.parametrize("password", ["a" * 15, "a" * 256, "🔒" * 256, "nul\0" * 10, "é"])
def test_bcrypt_sees_64_ascii_characters_made_of_the_password_alone(spy: Bcrypt, password: str) -> None:
    """base64(HMAC-SHA-384(pepper, NFC(password))), whatever the length: shorter than bcrypt's 72 (PW-04, PW-06)."""
    hasher().hash(password)
    hasher().verify(password, None)

    seen = base64.b64encode(hmac.digest(_OLD, unicodedata.normalize("NFC", password).encode(), "sha384"))
    assert [call[0] for call in spy.calls] == [seen, seen]
    assert (len(seen), seen.isascii(), b"\0" in seen) == (64, True, False)


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        ("a" * 72 + "x", "a" * 72 + "y"),
        ("a" * 72, "a" * 73),
        ("before\0after the nul", "before\0otherwise after"),
        ("seven green umbrellas", "seven green umbrellas "),
        ("seven green umbrellas", " seven green umbrellas"),
        ("seven green umbrellas", "Seven green umbrellas"),
        ("ﬁfteen letters x", "fifteen letters x"),
    ],
)
def test_every_character_counts(chosen: str, typed: str) -> None:
    """Nothing is cut at 72 bytes or at a NUL, and nothing is trimmed, folded or mapped (PW-03, PW-04, PW-10)."""
    assert hasher().verify(typed, hasher().hash(chosen)) == WRONG


def test_composed_and_decomposed_are_one_password() -> None:
    """What two keyboards send for the same letters verifies either way round (PW-10)."""
    composed, decomposed = "caf\u00e9 au lait demain", "cafe\u0301 au lait demain"

    assert hasher().verify(decomposed, hasher().hash(composed)) == RIGHT
    assert hasher().verify(composed, hasher().hash(decomposed)) == RIGHT


def _digests_beginning_with_nul() -> Iterator[str]:
    numbered = (f"password number {number}" for number in itertools.count())
    return (text for text in numbered if hmac.digest(_OLD, text.encode(), "sha384").startswith(b"\0"))


def test_passwords_whose_raw_digest_begins_with_nul_differ() -> None:
    """A raw digest would end at its first NUL and make such passwords equal; as text it cannot (PW-04)."""
    first, second = itertools.islice(_digests_beginning_with_nul(), 2)

    assert hasher().verify(second, hasher().hash(first)) == WRONG


def test_the_table_alone_cannot_be_guessed_at() -> None:
    """Without the pepper, neither the password nor a plain pre-hash of it matches what is stored (PW-09)."""
    stored = hasher().hash("seven green umbrellas").rpartition(":")[2].encode()

    unpeppered = base64.b64encode(hmac.digest(b"", b"seven green umbrellas", "sha384"))
    assert not bcrypt.checkpw(b"seven green umbrellas", stored)
    assert not bcrypt.checkpw(unpeppered, stored)


def test_a_hash_under_the_old_pepper_verifies_and_is_outdated() -> None:
    """After a rotation people still get in, and the flow is told to make the hash anew (PW-08, PW-09)."""
    stored = hasher(v1=_OLD).hash("seven green umbrellas")
    rotated = hasher(current="2", v1=_OLD, v2=_NEW)

    assert rotated.verify("seven green umbrellas", stored) == RIGHT_BUT_OLD
    assert rotated.verify("another umbrella", stored) == WRONG
    assert rotated.verify("seven green umbrellas", rotated.hash("seven green umbrellas")) == RIGHT


def test_a_new_pepper_takes_effect_without_a_new_hasher() -> None:
    """The peppers are asked on each use."""
    versions = ["1"]
    rotating = BcryptHasher(lambda _version: Peppers(versions[-1], {"1": _OLD, "2": _NEW}), cost=10)
    before = rotating.hash("seven green umbrellas")
    versions.append("2")

    assert before.split(":")[1] == "1"
    assert rotating.hash("seven green umbrellas").split(":")[1] == "2"


def test_a_pepper_taken_away_fails_its_hashes() -> None:
    """Once a version is gone, its hashes are refused rather than checked under another key."""
    assert hasher(current="2", v2=_NEW).verify("umbrellas", hasher(v1=_NEW).hash("umbrellas")) == WRONG


def test_another_cost_is_outdated() -> None:
    """A hash of an older cost verifies once more and is then made anew (PW-08)."""
    assert hasher(cost=11).verify("umbrellas", hasher(cost=10).hash("umbrellas")) == RIGHT_BUT_OLD


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        "umbrellas",
        _SOUND,
        f"{SCHEME}:1:",
        f"{SCHEME}:9:{_SOUND}",
        f"{SCHEME}::{_SOUND}",
        f"argon2id:1:{_SOUND}",
        f"{SCHEME}:1:{_SOUND}.",
        f"{SCHEME}:1:{_SOUND[:-1]}",
        f"{SCHEME}:1:$2a$10$" + "." * 53,
        f"{SCHEME}:1:$2b$10x" + "." * 53,
        f"{SCHEME}:1:$2b$xx$" + "." * 53,
        f"{SCHEME}:1:$2b$+9$" + "." * 53,
        f"{SCHEME}:1:$2b$10$" + "!" * 53,
        f"{SCHEME}:1:$2b$10$" + "é" * 53,
        f"{SCHEME}:1:$2b$10$" + "." * 52 + "\n",
        f"{SCHEME}:1:$2b$04$" + "." * 53,
        f"{SCHEME}:1:$2b$09$" + "." * 53,
        f"{SCHEME}:1:$2b$15$" + "." * 53,
        f"{SCHEME}:1:$2b$20$" + "." * 53,
        f"{SCHEME}:1:$2b$31$" + "." * 53,
    ],
)
def test_what_is_no_hash_of_ours_is_met_with_one_dummy(spy: Bcrypt, stored: str | None) -> None:
    """Missing, foreign, malformed or of an absurd cost: no, after exactly one bcrypt of today's cost (PW-05, PW-18).

    Even if the dummy were to match: an account without a password has none that is right (PW-19).
    """
    verdict = hasher().verify("umbrellas", stored)

    assert verdict == WRONG
    assert [hashed for _, hashed in spy.calls] == [passwords._dummy(10)]


def test_right_and_wrong_cost_one_bcrypt_each(spy: Bcrypt) -> None:
    """So that time tells nothing of which it was (EN-02)."""
    stored = hasher().hash("umbrellas")
    hasher().verify("umbrellas", stored)
    hasher().verify("umbrella", stored)

    assert [hashed[:7] for _, hashed in spy.calls] == [b"$2b$10$"] * 3


@pytest.mark.parametrize("cost", [10, 12])
def test_the_dummy_is_a_hash_that_bcrypt_reads(cost: int) -> None:
    """Were it malformed, the work for unknown people would end early and give them away."""
    assert passwords._BCRYPT.fullmatch(passwords._dummy(cost).decode())
    assert passwords._cost(passwords._dummy(cost)) == cost
    assert bcrypt.checkpw(b"umbrellas", passwords._dummy(cost)) is False
