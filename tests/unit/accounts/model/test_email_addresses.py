"""One canonical form of an address; no other spelling leads to another owner's address."""

import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import InvalidInput
from accounts.model import identities
from accounts.model.email_addresses import _LOCAL, canonical, shown
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
        ("olive@BÜCHER.Example", "olive@xn--bcher-kva.example"),
        ("olive@bu\u0308cher.example", "olive@xn--bcher-kva.example"),
        ("olive@\uff22ücher.example", "olive@xn--bcher-kva.example"),
        ("olive@XN--BCHER-KVA.example", "olive@xn--bcher-kva.example"),
        ("olive@例え。テスト", "olive@xn--r8jz45g.xn--zckzah"),
        ("olive@example\u3002co\uff0euk", "olive@example.co.uk"),
        ("olive@example\uff61com", "olive@example.com"),
        ("olive@i❤.ws", "olive@xn--i-7iq.ws"),
        ("olive@faß.example", "olive@xn--fa-hia.example"),
        ("olive@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com", "olive@xn--mgba3gch31f060k.com"),
        ("olive@r3---sn.bücher.example", "olive@r3---sn.xn--bcher-kva.example"),
        (" olive@example.com", "olive@example.com"),
        ("olive@example.com \n", "olive@example.com"),
        ("\u3000olive@example.com\xa0", "olive@example.com"),
        ("olive@example.com\u200b", "olive@example.com"),
        ("\u202aolive@example.com\u202c", "olive@example.com"),
        ("\u2068olive@bücher.example\u2069", "olive@xn--bcher-kva.example"),
        ("olive@1-2.example", "olive@1-2.example"),
        ("l" * 64 + "@example.com", "l" * 64 + "@example.com"),
        ("olive@" + _LABEL_63 + ".com", "olive@" + _LABEL_63 + ".com"),
        ("l" * 64 + "@" + _DOMAIN_189, "l" * 64 + "@" + _DOMAIN_189),
    ],
)
def test_an_address_has_one_canonical_form(typed: str, stored: str) -> None:
    """Trimmed, in lower case, the domain mapped and in ASCII (UTS 46). One form is one identity, and its own form."""
    assert (canonical(typed), canonical(stored)) == (stored, stored)
    assert identities.email_key(canonical(typed)) == identities.email_key(stored)


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
        "olive@example\n.com",
        "olive@example.com\r\nBcc: mallory@example.org",
        "olive\0@example.com",
        "\ud800@example.com",
        "olive\uff0b@example.com",
        "ol\xa0ive@example.com",
        "olive@example.com\xa0mallory@example.org",
        "olive@exam\u200bple.com",
        "olive@exam\xadple.com",
        "olive@\u202eexample.com",
        "olive@exam\u200eple.com",
        "olive＠example.com",  # noqa: RUF001 - a full-width at sign, which NFKC would turn into an @
        "olive@ｅｘａｍｐｌｅ.com",  # noqa: RUF001
        "olive@example。。com",
        "olive@example.com。",
        "olive@xn--a.de",
        "olive@sub.xn--a.de",
        "olive@xn--.de",
        "olive@xn--abc-.de",
        "olive@xn---bbk.com",
        "olive@xn--bcher-kvb.example",
        "olive@xn--xn--bcher-kva-epb.example",
        "olive@xn--\uff58.example",
        "olive@-bücher.example",
        "olive@bücher-.example",
        "olive@\u0301bücher.example",
        "olive@a\u05d0.example",
        "olive@bü\u200dcher.example",
        "olive@bücher\u2024example",
        "olive@exam\u212aple.com",
        "olive@\ud800.com",
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


@pytest.mark.parametrize("typed", ["ölive@example.com", "名@example.com", "\uff4flive@example.com"])
def test_another_letter_before_the_at_sign_has_a_reason_of_its_own(typed: str) -> None:
    """The address may be right, but no email can be sent to it."""
    with pytest.raises(InvalidInput) as refusal:
        canonical(typed)

    assert refusal.value.message == (
        "We can't send email to an address with letters other than a to z before the @. Use another address."
    )


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("olive@example.com", "olive@example.com"),
        ("olive@xn--bcher-kva.example", "olive@bücher.example"),
        ("olive@xn--r8jz45g.xn--zckzah", "olive@例え.テスト"),
    ],
)
def test_an_address_is_shown_as_people_write_it(address: str, written: str) -> None:
    """What is shown can be typed, and is the same address."""
    assert (shown(address), canonical(shown(address))) == (written, address)


@pytest.mark.parametrize("address", ["", "olive@xn--a.example", "olive@xn--.example", "olive@xn--a-b.xn--9.example"])
def test_a_stored_address_that_encodes_nothing_readable_is_shown_as_it_is(address: str) -> None:
    """Version 0.2.0 accepted such addresses, and their owners must reach their account page."""
    assert shown(address) == address


def test_the_limits_apply_to_the_canonical_form() -> None:
    """64 characters before the @ and 254 in all, however long the text is that was typed."""
    longest = "l" * 64 + "@" + _DOMAIN_189
    decomposed = "olive@" + ".".join(["u\u0308" * 40] * 3) + ".com"

    assert canonical(f"{' ' * 1000}{longest}{' ' * 1000}") == longest
    assert (len(decomposed), len(canonical(decomposed))) == (252, 150)
    assert canonical("olive@" + ".".join(["u\u0308" * 42] * 3) + ".com") == canonical(
        "olive@" + ".".join(["ü" * 42] * 3) + ".com"
    )


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

    Only the full stops of other keyboards are dots: they separate labels, and are part of none.

    The Kelvin sign becomes k under str.lower, the dotless i and long s fold into ASCII letters, and so do full-width
    letters under NFKC: none may lead to the address with the plain letters.
    """
    characters = _every_character()
    domains = {character: _form(f"o@o{character}e.com") for character in characters}

    plain = [c for c, form in domains.items() if form is not None and "@xn--" not in form]
    assert plain == ["\u3002", "\uff0e", "\uff61"]
    assert [character for character in characters if _form(f"o{character}e@example.com")] == []
    assert _form("o@oße.com") == "o@xn--oe-gia.com"


@exactly
@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_refused_or_becomes_a_fixed_point_in_ascii(local: str, domain: str) -> None:
    """Canonicalizing raises nothing else, and doing it twice changes nothing."""
    form = _form(f"{local}@{domain}.com")

    assert form is None or (form.isascii() and canonical(form) == form)


# Without the Kelvin sign, which is refused, although NFC makes it a K.
_LABELS = st.text(
    st.sampled_from("aBü\u0308Üß\u03a3\u03c3\u03c2例\u3002\uff0e.-\u200d\u200cx\u0646\u0627n❤\ufb01"),
    min_size=1,
    max_size=12,
)


@exactly
@given(_LABELS, st.sampled_from(["", " ", "\xa0", "\u200b\n"]))
def test_every_spelling_of_an_address_is_one_identity(domain: str, outer: str) -> None:
    """Composed or decomposed, with the dots of any keyboard, with or without what was copied along."""
    spellings = [unicodedata.normalize("NFD", domain), domain.replace(".", "\u3002"), domain.translate({0x3002: "."})]
    forms = {_form(f"{outer}olive@{spelling}.com{outer}") for spelling in (domain, *spellings)}

    assert len(forms) == 1


@exactly
@given(st.text(st.characters(codec="ascii"), max_size=12))
def test_an_encoded_label_is_decodable_or_refused(encoded: str) -> None:
    """What is stored can be shown, and typed as it is shown."""
    form = _form(f"olive@xn--{encoded}.com")

    assert form is None or canonical(shown(form)) == form


@pytest.mark.parametrize("text", ["a" * 100_000 + "!(", "a." * 50_000 + "(", "." * 100_000])
def test_the_pattern_is_linear(text: str) -> None:
    """100 kB that almost match are refused at once, even without the check of the length."""
    started = time.process_time()

    assert _LOCAL.fullmatch(text) is None
    assert time.process_time() - started < 0.2
