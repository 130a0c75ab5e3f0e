"""One canonical form of an address; no other spelling leads to another owner's address."""

import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import InvalidInput
from accounts.model.email_addresses import _LOCAL, canonical
from tests.unit.accounts.stage import exactly

_LABEL_63 = "d" * 63
_DOMAIN_189 = ".".join([_LABEL_63, _LABEL_63, "d" * 57, "com"])  # 63 + 1 + 63 + 1 + 57 + 1 + 3


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("olive@example.com", "olive@example.com"),
        ("OLIVE@Example.COM", "olive@example.com"),
        ("first.last+tag@sub.example.co.uk", "first.last+tag@sub.example.co.uk"),
        ("!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"),
        ("o@b.io", "o@b.io"),
        ("olive@bücher.example", "olive@xn--bcher-kva.example"),
        ("olive@xn--bcher-kva.example", "olive@xn--bcher-kva.example"),
        ("olive@例え.テスト", "olive@xn--r8jz45g.xn--zckzah"),
        ("olive@1-2.example", "olive@1-2.example"),
        ("l" * 64 + "@example.com", "l" * 64 + "@example.com"),
        ("olive@" + _LABEL_63 + ".com", "olive@" + _LABEL_63 + ".com"),
        ("l" * 64 + "@" + _DOMAIN_189, "l" * 64 + "@" + _DOMAIN_189),
    ],
)
def test_an_address_has_one_canonical_form(typed: str, stored: str) -> None:
    """Only ASCII case is folded, the domain becomes IDNA, and the canonical form is its own canonical form."""
    assert (canonical(typed), canonical(stored)) == (stored, stored)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "olive",
        "olive@",
        "@example.com",
        "olive@@example.com",
        "olive@example.com@example.org",
        "olive@localhost",
        "olive@127.0.0.1",
        "olive@[127.0.0.1]",
        "olive@example.123",
        "olive@example.com.",
        "olive@.example.com",
        "olive@example..com",
        "olive@-example.com",
        "olive@example-.com",
        "olive@exa_mple.com",
        "olive@exa mple.com",
        ".olive@example.com",
        "olive.@example.com",
        "ol..ive@example.com",
        "ol ive@example.com",
        '"olive"@example.com',
        "olive(comment)@example.com",
        "Olive <olive@example.com>",
        "olive@example.com,mallory@example.org",
        "olive@example.com;mallory@example.org",
        "olive@example.com\n",
        "olive@example.com\r\nBcc: mallory@example.org",
        "olive\0@example.com",
        " olive@example.com",
        "olive@example.com ",
        "olive@example.com\u200b",
        "ölive@example.com",
        "olive＠example.com",  # noqa: RUF001 - a full-width at sign, which NFKC would turn into an @
        "olive@example。com",
        "olive@BÜCHER.example",
        "olive@exam\u212aple.com",
        "olive@\ud800.com",
        "\ud800@example.com",
        "olive@xn--a\u0301.com",
        "l" * 65 + "@example.com",
        "olive@" + "d" * 64 + ".com",
        "olive@" + "ü" * 63 + ".com",
        "l" * 64 + "@d" + _DOMAIN_189[1:] + "m",
    ],
)
def test_anything_else_is_refused(typed: str) -> None:
    """Anything but one plain mailbox is refused, with an error that shows the expected form."""
    with pytest.raises(InvalidInput) as refusal:
        canonical(typed)

    assert refusal.value.message == "Enter one complete email address, such as name@example.com."


def test_the_longest_address_is_254_characters_after_idna() -> None:
    """An address that is short as typed but too long as stored is refused."""
    typed = "l" * 64 + "@" + ".".join(["ü" * 40] * 4) + ".com"

    assert len(typed) <= 254
    with pytest.raises(InvalidInput):
        canonical(typed)


def _form(typed: str) -> str | None:
    try:
        return canonical(typed)
    except InvalidInput:
        return None


def _every_character() -> list[str]:
    """Each assigned character outside ASCII; of ideographs, syllables and unassigned code points, one in a hundred."""
    alike = (
        "unassigned",
        "CJK",
        "HANGUL",
        "TANGUT",
        "EGYPTIAN",
        "CUNEIFORM",
        "NUSHU",
        "KHITAN",
        "ANATOLIAN",
        "YI ",
        "BAMUM",
        "SIGNWRITING",
        "VAI ",
        "ETHIOPIC",
        "LINEAR",
        "BYZANTINE",
        "BRAILLE",
        "MENDE",
        "CANADIAN",
        "ARABIC",
    )
    everything = map(chr, range(128, sys.maxunicode + 1))
    return [c for c in everything if ord(c) % 100 == 0 or not unicodedata.name(c, "unassigned").startswith(alike)]


def test_no_character_reaches_a_plain_ascii_address() -> None:
    """No character outside ASCII is accepted in a local part, and a domain shows it as an xn-- label or is refused.

    The Kelvin sign becomes k under str.lower, the dotless i and long s fold into ASCII letters, and so do full-width
    letters under NFKC: none may lead to the address with the plain letters.
    """
    characters = _every_character()
    domains = {character: _form(f"o@o{character}e.com") for character in characters}

    assert [c for c, form in domains.items() if form is not None and "@xn--" not in form] == []
    assert [character for character in characters if _form(f"o{character}e@example.com")] == []
    assert _form("o@oße.com") == "o@xn--oe-gia.com"


@exactly
@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_refused_or_becomes_a_fixed_point_in_ascii(local: str, domain: str) -> None:
    """Canonicalizing raises nothing else, and doing it twice changes nothing."""
    form = _form(f"{local}@{domain}.com")

    assert form is None or (form.isascii() and canonical(form) == form)


@pytest.mark.parametrize("text", ["a" * 100_000 + "!(", "a." * 50_000 + "(", "." * 100_000])
def test_the_pattern_is_linear(text: str) -> None:
    """100 kB that almost match are refused at once, even without the check of the length."""
    started = time.process_time()

    assert _LOCAL.fullmatch(text) is None
    assert time.process_time() - started < 0.2
