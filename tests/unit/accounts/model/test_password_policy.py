"""The rules for a new password: long, not on the lists, not the account's own words, and nothing else."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from accounts.errors import InvalidInput, WeakPassword
from accounts.model.passwords import COMMON_PASSWORDS, Policy, check_acceptable, check_length, is_common
from tests.fakes import FakeBreaches
from tests.unit.accounts.stage import EMAIL, exactly

_NOBODY = FakeBreaches()
TOO_LONG = "A password can have 256 characters at most."
TOO_SHORT = "Use at least 15 characters: a few words in a row are easy to remember."
PERSONAL = "Choose a password that is not made of your email address or the name of this service."
LISTED = "This password is on lists that attackers try first. Choose a different one."
_WORDS = [
    "apple",
    "river",
    "stone",
    "cloud",
    "tiger",
    "paper",
    "music",
    "green",
    "orange",
    "violet",
    "castle",
    "forest",
    "winter",
    "summer",
    "bridge",
]


def why_refused(
    password: str, email: str = EMAIL, breach_lists: FakeBreaches = _NOBODY, *, min_characters: int = 15
) -> str | None:
    """The error text, or None for an acceptable password."""
    try:
        check_acceptable(password, email=email, policy=Policy(min_characters, breach_lists))
    except InvalidInput as refusal:
        return refusal.message
    return None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", TOO_SHORT),
        ("kjhgtrfvbnm,.x", TOO_SHORT),
        ("kjhgtrfvbnm,.xz", None),
        ("🔒" * 8, TOO_SHORT),
        ("🔒🔑" * 7 + "🔒", None),
        ("e\u0301" * 14, TOO_SHORT),
        ("e\u0301" * 15, None),
        ("x" * 256, None),
        ("x" * 257, TOO_LONG),
        ("🔒" * 64, None),
        ("🔒" * 256, None),
        ("🔒" * 256 + "x", TOO_LONG),
        ("e\u0301" * 256, None),
        ("e\u0301" * 257, TOO_LONG),
        ("\u0958" * 129, TOO_LONG),
        ("x" * 10_000, TOO_LONG),
    ],
)
def test_length_is_counted_in_code_points_of_nfc(password: str, why: str | None) -> None:
    """15 to 256, not bytes and not UTF-16 units, and the same for both spellings of a letter (PW-01, PW-02)."""
    assert why_refused(password) == why


@pytest.mark.parametrize("password", ["", "short", "x" * 256, "e\u0301" * 256, "🔒" * 256])
def test_a_login_may_try_any_password_that_an_account_can_have(password: str) -> None:
    """The check before the hash has no lower limit, because old accounts keep their passwords."""
    assert check_length(password) is None


@pytest.mark.parametrize("password", ["x" * 257, "🔒" * 257, "\u0301" * 513])
def test_a_login_with_a_longer_password_is_refused_before_any_work(password: str) -> None:
    """No account can have it; 1024 bytes bound the work of NFC."""
    with pytest.raises(InvalidInput) as refusal:
        check_length(password)

    assert (type(refusal.value), refusal.value.message) == (InvalidInput, TOO_LONG)


def test_1024_bytes_are_counted_before_normalization() -> None:
    """512 two-byte characters are checked, one more is refused."""
    with pytest.raises(InvalidInput):
        check_length("e" + "\u0301" * 512)
    assert check_length("ệ".encode().decode() * 256) is None


@pytest.mark.parametrize(
    "password",
    ["passwordpassword", "PasswordPassword", "PASSWORDPASSWORD", "123456789012345", "qwertyuiopasdfghjkl"],
)
def test_a_common_password_is_refused(password: str) -> None:
    """Compared as a whole, ignoring case, and the error says why (PW-11)."""
    assert why_refused(password) == LISTED


def test_a_common_password_inside_a_longer_one_is_accepted() -> None:
    assert why_refused("passwordpassword on a violet bridge") is None


def test_the_bundled_list_is_large_and_meets_the_length_rule() -> None:
    """At least 3000 entries that meet the length rule (ASVS 6.2.4), each in the form that is compared."""
    lines = COMMON_PASSWORDS.read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if not line.startswith("# ")]

    assert len(entries) >= 3000
    assert [e for e in entries if not 15 <= len(e) <= 256 or e != unicodedata.normalize("NFC", e.casefold())] == []
    assert all(is_common(entry) for entry in (entries[0], entries[len(entries) // 2], entries[-1]))


@pytest.mark.parametrize(
    "password", ["", "\n", "passwordpassword\nqwertyuiopasdfgh", "passwordpassword\n", "\npasswordpassword", "password"]
)
def test_only_whole_lines_of_the_list_match(password: str) -> None:
    """A password with a line break does not match two entries."""
    assert not is_common(password)


def test_two_adjacent_lines_of_the_list_do_not_match() -> None:
    """Not even joined as in the file."""
    neighbours = COMMON_PASSWORDS.read_text(encoding="utf-8").splitlines()[-2:]

    assert [is_common(text) for text in (*neighbours, "\n".join(neighbours))] == [True, True, False]


def test_a_deployment_may_require_more_characters() -> None:
    """And the error says how many."""
    assert why_refused("kjhgtrfvbnm,.xzabcd", min_characters=20) == TOO_SHORT.replace("15", "20")
    assert why_refused("kjhgtrfvbnm,.xzabcde", min_characters=20) is None


def test_another_space_does_not_hide_a_breached_password() -> None:
    """It is judged as it is stored."""
    breach_lists = FakeBreaches(frozenset({"seven green umbrellas"}))

    assert why_refused("seven\xa0green\u3000umbrellas", breach_lists=breach_lists) == LISTED


def test_a_breached_password_is_refused() -> None:
    """The breach source gets the NFC form, and the error says why (PW-11)."""
    breach_lists = FakeBreaches(frozenset({"caf\u00e9 au lait demain"}))

    assert why_refused("cafe\u0301 au lait demain", breach_lists=breach_lists) == LISTED


@pytest.mark.parametrize(
    ("password", "email"),
    [
        ("olive@example.com", "olive@example.com"),
        ("Olive@Example.com", "olive@example.com"),
        ("olive@example.com2026!", "olive@example.com"),
        ("olive.example.com", "olive@example.com"),
        ("oliveoliveoliveolive", "olive@example.com"),
        ("Olive-Olive-Olive-1", "olive@example.com"),
        ("123456olive7890123", "olive@example.com"),
        ("olive85olive85olive85", "olive85@example.com"),
        ("first.last.first.last", "first.last@example.com"),
        ("comfyuicomfyui1", "olive@example.com"),
        ("ComfyUI 2026 !!!!!", "olive@example.com"),
        ("comfy.org.comfy.org", "olive@example.com"),
        ("comfy comfy comfy", "olive@example.com"),
        ("Comfy-Account-2026", "olive@example.com"),
    ],
)
def test_the_accounts_own_words_alone_are_refused(password: str, email: str) -> None:
    """The address, its local part or the service's name, repeated or with digits and signs (PW-14)."""
    assert why_refused(password, email) == PERSONAL


@pytest.mark.parametrize(
    "password",
    [
        "olive trees by the sea",
        "my comfy armchair is red",
        "example.com is a domain",
        "!@#$%^&*()_+-=[]{}",
        "               ",
        "🔒🔑🗝️🚪🔒🔑🗝️🚪🔒🔑🗝️🚪",
        "lowercaseletters only".replace(" ", ""),
        "zoliveoliveolivez",
        "\0" * 15,
    ],
)
def test_anything_else_is_accepted(password: str) -> None:
    """No composition rules: signs, spaces, emoji or lower case alone are fine (PW-13)."""
    assert why_refused(password) is None


@pytest.mark.parametrize("email", ["_@example.com", "'@example.com", "-.-@example.com"])
def test_an_address_without_a_letter_or_digit_before_the_at_sign_can_have_a_password(email: str) -> None:
    """Its local part contributes no word that a password could be made of."""
    assert why_refused("olive trees by the sea", email) is None
    assert why_refused("!@#$%^&*()_+-=[]{}", email) is None
    assert why_refused("comfyuicomfyui1", email) == PERSONAL


@exactly
@given(st.lists(st.sampled_from(_WORDS), min_size=4, max_size=8, unique=True), st.sampled_from(" -._"))
def test_ordinary_passphrases_are_accepted(words: list[str], joint: str) -> None:
    """The error advises four different words in a row, so they must be accepted."""
    assert why_refused(joint.join(words)) is None


@exactly
@given(st.text(min_size=15, max_size=256))
def test_any_characters_are_judged_by_length_and_lists_alone(password: str) -> None:
    """No character is required or forbidden (PW-13)."""
    characters = len(unicodedata.normalize("NFC", password))
    assume(15 <= characters <= 256 and not is_common(password))

    assert why_refused(password) is None


def test_a_weak_password_has_an_error_code_of_its_own() -> None:
    """So that pages can point at the field."""
    with pytest.raises(WeakPassword) as refusal:
        check_acceptable("short", email=EMAIL, policy=Policy(15, _NOBODY))

    assert refusal.value.code == "weak_password"
