"""How passwords are stored and verified: nothing cut off, nothing readable without the pepper, one bcrypt each."""

import base64
import hmac
import itertools
import unicodedata
from collections.abc import Iterator

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.model import passwords
from accounts.model.passwords import FIRST_SCHEME, SCHEME, BcryptHasher, Verdict
from accounts.model.peppers import Peppers
from tests.unit.accounts.stage import exactly

_OLD, _NEW = b"o" * 48, b"n" * 48
RIGHT = Verdict(matches=True, outdated=False)
RIGHT_BUT_OLD = Verdict(matches=True, outdated=True)
WRONG = Verdict(matches=False, outdated=False)
# $2b$, cost 10, of another text.
_SOUND = "$2b$10$" + "." * 53


def hasher(current: str = "1", cost: int = 10, **keys: bytes) -> BcryptHasher:
    """A hasher with the peppers ``v1``, ``v2`` ...; by default only one."""
    peppers = Peppers(current, {name.removeprefix("v"): key for name, key in (keys or {"v1": _OLD}).items()})
    return BcryptHasher(lambda _version: peppers, cost=cost)


class Bcrypt:
    """A fake bcrypt that records each call, computes nothing, and matches everything."""

    gensalt = staticmethod(bcrypt.gensalt)

    def __init__(self) -> None:
        self.calls: list[tuple[bytes, bytes]] = []

    def hashpw(self, password: bytes, salt: bytes) -> bytes:
        """A hash with that salt."""
        self.calls.append((password, salt))
        return salt + b"." * 31

    def checkpw(self, password: bytes, hashed: bytes) -> bool:
        self.calls.append((password, hashed))
        return True


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Bcrypt:
    """Every bcrypt that would be computed."""
    counting = Bcrypt()
    monkeypatch.setattr(passwords, "bcrypt", counting)
    return counting


def test_the_right_password_verifies_and_another_does_not() -> None:
    stored = hasher().hash("seven green umbrellas")

    assert hasher().verify("seven green umbrellas", stored) == RIGHT
    assert hasher().verify("seven green umbrella", stored) == WRONG


def test_the_stored_form_names_scheme_pepper_and_cost() -> None:
    """``<scheme>:<pepper version>:$2b$<cost>$...``, so that each of them can change later (PW-07, PW-08)."""
    scheme, version, hashed = hasher(current="2", v2=_NEW).hash("seven green umbrellas").split(":")

    assert (scheme, version, hashed[:7], len(hashed)) == (SCHEME, "2", "$2b$10$", 60)


def test_new_hashes_cost_12() -> None:
    """The default of a deployment (PW-07)."""
    assert BcryptHasher(lambda _version: Peppers("1", {"1": _OLD})).cost == 12


def test_equal_passwords_have_different_hashes() -> None:
    """Each has its own salt, so a stolen table does not show who shares a password (PW-07)."""
    assert hasher().hash("seven green umbrellas") != hasher().hash("seven green umbrellas")


@pytest.mark.parametrize("password", ["a" * 15, "a" * 256, "🔒" * 256, "nul\0" * 10, "é"])
def test_bcrypt_gets_64_ascii_characters_derived_from_the_password_alone(spy: Bcrypt, password: str) -> None:
    """base64(HMAC-SHA-384(pepper, prepared password)), whatever the length: shorter than bcrypt's 72 (PW-04, PW-06)."""
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
def test_every_character_matters(chosen: str, typed: str) -> None:
    """Nothing is cut at 72 bytes or at a NUL, and nothing is trimmed, folded or mapped (PW-03, PW-04, PW-10)."""
    assert hasher().verify(typed, hasher().hash(chosen)) == WRONG


def test_composed_and_decomposed_letters_are_one_password() -> None:
    """Two keyboards may send the same letters differently; both verify (PW-10)."""
    composed, decomposed = "caf\u00e9 au lait demain", "cafe\u0301 au lait demain"

    assert hasher().verify(decomposed, hasher().hash(composed)) == RIGHT
    assert hasher().verify(composed, hasher().hash(decomposed)) == RIGHT


_SPACED = "seven green umbrellas"
_NO_BREAK = "seven\xa0green\u3000umbrellas"


@pytest.mark.parametrize(("chosen", "typed"), [(_SPACED, _NO_BREAK), (_NO_BREAK, _SPACED)])
def test_every_space_is_one_password(chosen: str, typed: str) -> None:
    """Option and space on a Mac, and a Japanese keyboard, type others than U+0020 (PW-10, RFC 8265 4.2)."""
    assert hasher().verify(typed, hasher().hash(chosen)) == RIGHT


@pytest.mark.parametrize("separator", ["\u200b", "\t", "\n", "\u2028"])
def test_what_is_no_space_still_matters(separator: str) -> None:
    """Only the spaces of Unicode (Zs) are alike."""
    assert hasher().verify(_SPACED, hasher().hash(_SPACED.replace(" ", separator))) == WRONG


def _first_hash(password: str) -> str:
    """As the first scheme stored it: NFC alone."""
    normal = unicodedata.normalize("NFC", password).encode()
    hashed = bcrypt.hashpw(base64.b64encode(hmac.digest(_OLD, normal, "sha384")), bcrypt.gensalt(10))
    return f"{FIRST_SCHEME}:1:{hashed.decode()}"


@pytest.mark.parametrize("chosen", [_SPACED, _NO_BREAK, "cafe\u0301 au lait demain"])
def test_a_hash_of_the_first_scheme_verifies_as_before_and_is_outdated(chosen: str) -> None:
    """With each space as it was typed, until the next login replaces it."""
    assert hasher().verify(chosen, _first_hash(chosen)) == RIGHT_BUT_OLD
    assert hasher().verify(f"{chosen}.", _first_hash(chosen)) == WRONG


def test_a_hash_of_the_first_scheme_keeps_its_spaces_apart() -> None:
    assert hasher().verify(_SPACED, _first_hash(_NO_BREAK)) == WRONG
    assert hasher().verify(_NO_BREAK, _first_hash(_SPACED)) == WRONG


@exactly
@given(st.text(max_size=40))
def test_preparing_a_password_twice_changes_nothing(password: str) -> None:
    assert passwords.prepared(passwords.prepared(password)) == passwords.prepared(password)


def _digests_beginning_with_nul() -> Iterator[str]:
    numbered = (f"password number {number}" for number in itertools.count())
    return (text for text in numbered if hmac.digest(_OLD, text.encode(), "sha384").startswith(b"\0"))


def test_passwords_whose_raw_digest_begins_with_nul_differ() -> None:
    """A raw digest would end at its first NUL and make such passwords equal; text does not (PW-04)."""
    first, second = itertools.islice(_digests_beginning_with_nul(), 2)

    assert hasher().verify(second, hasher().hash(first)) == WRONG


def test_the_table_alone_does_not_allow_guessing() -> None:
    """Without the pepper, neither the password nor a plain pre-hash of it matches what is stored (PW-09)."""
    stored = hasher().hash("seven green umbrellas").rpartition(":")[2].encode()

    unpeppered = base64.b64encode(hmac.digest(b"", b"seven green umbrellas", "sha384"))
    assert not bcrypt.checkpw(b"seven green umbrellas", stored)
    assert not bcrypt.checkpw(unpeppered, stored)


def test_a_hash_under_the_old_pepper_verifies_and_is_outdated() -> None:
    """After a rotation people can still log in, and the flow is asked to replace the hash (PW-08, PW-09)."""
    stored = hasher(v1=_OLD).hash("seven green umbrellas")
    rotated = hasher(current="2", v1=_OLD, v2=_NEW)

    assert rotated.verify("seven green umbrellas", stored) == RIGHT_BUT_OLD
    assert rotated.verify("another umbrella", stored) == WRONG
    assert rotated.verify("seven green umbrellas", rotated.hash("seven green umbrellas")) == RIGHT


def test_a_new_pepper_takes_effect_without_a_new_hasher() -> None:
    """The peppers are read on each use."""
    versions = ["1"]
    rotating = BcryptHasher(lambda _version: Peppers(versions[-1], {"1": _OLD, "2": _NEW}), cost=10)
    before = rotating.hash("seven green umbrellas")
    versions.append("2")

    assert before.split(":")[1] == "1"
    assert rotating.hash("seven green umbrellas").split(":")[1] == "2"


def test_a_removed_pepper_fails_its_hashes() -> None:
    """Hashes of a removed version are refused, not checked with another key."""
    assert hasher(current="2", v2=_NEW).verify("umbrellas", hasher(v1=_NEW).hash("umbrellas")) == WRONG


def test_another_cost_is_outdated() -> None:
    """A hash of an older cost verifies and is then replaced (PW-08)."""
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
        f"{FIRST_SCHEME}:9:{_SOUND}",
        f"{FIRST_SCHEME}:1:{_SOUND}.",
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
def test_an_invalid_hash_costs_one_dummy_bcrypt(spy: Bcrypt, stored: str | None) -> None:
    """Missing, foreign, malformed or of an absurd cost: False, after exactly one bcrypt of today's cost (PW-05, PW-18).

    Even if the dummy matched, because an account without a password has no right one (PW-19).
    """
    verdict = hasher().verify("umbrellas", stored)

    assert verdict == WRONG
    assert [hashed for _, hashed in spy.calls] == [passwords._dummy(10)]


def test_right_and_wrong_cost_one_bcrypt_each(spy: Bcrypt) -> None:
    """So that the time does not reveal which it was (EN-02)."""
    stored = hasher().hash("umbrellas")
    hasher().verify("umbrellas", stored)
    hasher().verify("umbrella", stored)

    assert [hashed[:7] for _, hashed in spy.calls] == [b"$2b$10$"] * 3


@pytest.mark.parametrize("cost", [10, 12])
def test_the_dummy_is_a_valid_hash(cost: int) -> None:
    """A malformed one would end the work for unknown addresses early and reveal them."""
    assert passwords._BCRYPT.fullmatch(passwords._dummy(cost).decode())
    assert passwords._cost(passwords._dummy(cost)) == cost
    assert bcrypt.checkpw(b"umbrellas", passwords._dummy(cost)) is False
