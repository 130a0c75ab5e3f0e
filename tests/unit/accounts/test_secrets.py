"""Creating, digesting and comparing secrets."""

import hashlib

import pytest

from accounts import secrets


def test_tokens_are_43_url_safe_characters_and_all_different() -> None:
    """256 random bits: ten thousand of them never repeat (SE-01)."""
    tokens = {secrets.new_token() for _ in range(10_000)}

    assert len(tokens) == 10_000
    assert {len(token) for token in tokens} == {43}
    assert set("".join(tokens)) == set(secrets.BASE62 + "-_")


@pytest.mark.parametrize("length", [0, 1, 28, 58])
def test_base62_has_the_requested_length(length: int) -> None:
    """Exactly that many characters, all of the alphabet."""
    text = secrets.random_base62(length)

    assert len(text) == length
    assert set(text) <= set(secrets.BASE62)


def test_base62_uses_every_letter() -> None:
    """The alphabet is 0-9A-Za-z, and every letter occurs among 10,000."""
    assert len(set(secrets.BASE62)) == 62
    assert set(secrets.random_base62(10_000)) == set(secrets.BASE62)


@pytest.mark.parametrize("secret", ["", "abc", "é🔒"])
def test_the_digest_is_sha_256_in_hex(secret: str) -> None:
    """SHA-256 of the UTF-8 text is what is stored."""
    assert secrets.digest(secret) == hashlib.sha256(secret.encode("utf-8")).hexdigest()


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a", "aa", False),
        ("é", "é", True),
        ("\ud800", "\ud800x", False),
        ("", "", True),
    ],
)
def test_equal_compares_text_of_any_kind(left: str, right: str, *, same: bool) -> None:
    """Also text outside ASCII, which hmac.compare_digest alone would not accept."""
    assert secrets.equal(left, right) is same


def test_a_successor_needs_both_the_token_and_its_salt() -> None:
    """Deterministic, a token like any other, and different for any other token or salt."""
    token, salt = secrets.new_token(), secrets.new_token()
    successor = secrets.successor(token, salt)
    others = {secrets.successor(token, secrets.new_token()), secrets.successor(secrets.new_token(), salt), token, salt}

    assert secrets.successor(token, salt) == successor
    assert secrets.is_token(successor)
    assert successor not in others
