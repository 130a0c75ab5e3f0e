"""API keys: the format that existing clients check, and what is stored of one."""

import zlib
from copy import replace
from datetime import UTC, datetime

import pytest

from accounts import secrets
from accounts.errors import InvalidInput
from accounts.model import api_keys, key_requests
from accounts.model.api_keys import ApiKey, Details
from tests.unit.accounts.stage import NOW, later


def _created(name: str = "laptop", description: str = "", expires_at: str = "") -> tuple[str, ApiKey]:
    return key_requests.create("u" * 28, Details(name, description, expires_at), (), NOW)


def _base62(number: int) -> str:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return "".join(alphabet[number // 62**place % 62] for place in range(5, -1, -1))


@pytest.mark.parametrize(
    ("body", "crc", "checksum"),
    [
        ("comfyui-" + "A" * 58, 0xBC5EBA86, "3RsOpi"),
        ("comfyui-" + "0" * 58, 0xBD51D266, "3SxFJ8"),
    ],
)
def test_the_checksum_is_crc_32_in_base62(body: str, crc: int, checksum: str) -> None:
    """Known vectors: most significant digit first, six digits (AK-03)."""
    assert (zlib.crc32(body.encode()), _base62(crc)) == (crc, checksum)
    assert api_keys.is_well_formed(body + checksum)


def test_a_small_checksum_is_padded_with_zeros() -> None:
    """Always six digits, or the length would vary."""
    bodies = (f"comfyui-{number:058d}" for number in range(10_000))
    body = min(bodies, key=lambda text: zlib.crc32(text.encode()))

    assert zlib.crc32(body.encode()) < 62**4
    assert api_keys.is_well_formed(f"{body}{_base62(zlib.crc32(body.encode()))}")


def test_a_new_key_is_72_characters_of_the_format() -> None:
    """``comfyui-``, 58 random base62 characters, and their checksum."""
    keys = {_created()[0] for _ in range(100)}

    assert len(keys) == 100
    assert {len(key) for key in keys} == {72}
    assert all(key.startswith("comfyui-") and set(key[8:]) <= set(secrets.BASE62) for key in keys)
    assert all(api_keys.is_well_formed(key) for key in keys)


def test_every_changed_character_is_detected() -> None:
    """One wrong character anywhere, replaced by any other, and the key is refused without a lookup (AK-03)."""
    key = _created()[0]
    changed = (
        key[:place] + letter + key[place + 1 :]
        for place in range(72)
        for letter in secrets.BASE62 + "-"
        if letter != key[place]
    )

    assert [text for text in changed if api_keys.is_well_formed(text)] == []


def test_swapped_neighbours_are_detected() -> None:
    """The other common typo."""
    key = _created()[0]
    swapped = {key[:i] + key[i + 1] + key[i] + key[i + 2 :] for i in range(71)} - {key}

    assert [text for text in swapped if api_keys.is_well_formed(text)] == []


@pytest.mark.parametrize(
    "text", ["", "comfyui-", "x" * 72, "é" * 72, "comfyui-" + "é" * 64, "comfyui-" + "\ud800" * 64]
)
def test_anything_else_is_not_well_formed(text: str) -> None:
    """The answer is False, never an exception."""
    assert not api_keys.is_well_formed(text)


def test_a_key_of_another_length_is_not_well_formed() -> None:
    """Shorter or longer, even with a correct checksum."""
    key = _created()[0]
    longer = "comfyui-" + "A" * 59
    longer += _base62(zlib.crc32(longer.encode()))

    assert [api_keys.is_well_formed(text) for text in (key[:-1], key + "0", " " + key, longer)] == [False] * 4


def test_everything_but_the_key_is_stored() -> None:
    """Its id is the digest; ``comfyui-`` and eight more characters are shown (AK-01, AK-02)."""
    plaintext, key = _created(" laptop ", "for tests")

    assert key == ApiKey(secrets.digest(plaintext), "u" * 28, "laptop", "for tests", plaintext[:16], NOW)
    assert plaintext not in repr(key)


def _invisible(field: str, code: str) -> str:
    return (
        f"The {field} cannot contain the character U+{code} (number 2), which is invisible or has no common meaning. "
        f"Delete it, or type the {field} again."
    )


@pytest.mark.parametrize(
    ("name", "description", "message"),
    [
        ("", "", "Enter a name."),
        ("  ", "", "Enter a name."),
        ("n" * 65, "", "The name can have at most 64 characters."),
        ("n\nn", "", _invisible("name", "000A")),
        ("n", "d" * 5001, "The description can have at most 5000 characters."),
        ("n", "d\0", _invisible("description", "0000")),
    ],
)
def test_names_are_required_limited_and_visible(name: str, description: str, message: str) -> None:
    """The description is limited and visible too (AK-13)."""
    with pytest.raises(InvalidInput) as refusal:
        _created(name, description)

    assert refusal.value.message == message


def test_the_longest_names_are_accepted() -> None:
    key = _created("n" * 64, "d" * 5000)[1]

    assert (len(key.name), len(key.description)) == (64, 5000)


def test_use_is_recorded_every_five_minutes() -> None:
    """The first use at once, then at most one write per interval (AK-12)."""
    unused = _created()[1]
    used = replace(unused, last_used_at=NOW)

    assert unused.is_due_for_touch(NOW)
    assert [used.is_due_for_touch(later(seconds=s)) for s in (0, 299, 300, 9999)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("text", "expires_at"),
    [
        ("2026-03-01T12:00:01Z", later(seconds=1)),
        ("2026-03-08T13:00:00+01:00", later(days=7)),
        ("2026-03-01T12:00:01.999Z", later(seconds=1)),
        ("2036-03-01T12:00:00Z", later(days=3653)),
    ],
)
def test_a_key_may_expire_within_ten_years(text: str, expires_at: datetime) -> None:
    """Stored in whole seconds of UTC."""
    key = _created(expires_at=text)[1]

    assert (key.expires_at, key.expires_at and key.expires_at.tzinfo) == (expires_at, UTC)


@pytest.mark.parametrize("text", ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00.9Z", "0001-01-01T00:00:00+14:00"])
def test_an_expiry_date_is_in_the_future(text: str) -> None:
    assert _refusal_of(text) == "Choose an expiry date in the future."


@pytest.mark.parametrize("text", ["2036-03-01T12:00:01Z", "9999-12-31T23:59:59-14:00"])
def test_an_expiry_date_is_at_most_ten_years_away(text: str) -> None:
    assert _refusal_of(text) == "Choose an expiry date within the next ten years."


@pytest.mark.parametrize("text", ["2027-01-31", "2027-01-31T12:00:00", "tomorrow", "1798761600", " ", "2" * 5000])
def test_an_expiry_date_has_a_time_and_a_time_zone(text: str) -> None:
    """A date alone is another moment for each reader."""
    expected = "Send the expiry date with its time and time zone, such as 2030-01-31T12:00:00Z."
    assert _refusal_of(text) == expected


def _refusal_of(expires_at: str) -> str:
    with pytest.raises(InvalidInput) as refusal:
        _created(expires_at=expires_at)
    return refusal.value.message


def test_a_key_works_until_the_second_in_which_it_expires() -> None:
    """One without an expiry date always does."""
    expiring, lasting = _created(expires_at="2026-03-08T12:00:00Z")[1], _created()[1]

    assert [expiring.is_live(later(days=7, seconds=s)) for s in (-1, 0, 1)] == [True, False, False]
    assert lasting.is_live(later(days=36_500))
