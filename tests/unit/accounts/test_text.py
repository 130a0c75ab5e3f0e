"""Names, descriptions, addresses and codes as people type them: normalized first, then judged."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import text
from accounts.errors import InvalidInput
from tests.unit.accounts.stage import exactly

_TOO_LONG = "The name can have at most 10 characters."
# Characters that a rule treats differently from others, so that Hypothesis combines them.
_SPECIAL = st.sampled_from(
    "aé\u0301 \xa0\u3000\n\u200b\u200c\u200d\u180e\u200e\u200f\u202e\u2066\ufeff\xad\ufe0f\U000e0100\u0915\u094d\u0639"
    "\U0001f469\U0001f4bb\U0001f3fd\U0001f3f4\U000e0067\U000e0062\U000e007f\u1820\u212a\u0958\ud800\ue000\ufffe"
)
_TYPED = st.text(_SPECIAL | st.characters(), max_size=30)


def _refusal(typed: str) -> str:
    with pytest.raises(InvalidInput) as refusal:
        text.line("name", typed, at_most=10)
    return refusal.value.message


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("   ", ""),
        ("laptop", "laptop"),
        (" laptop  ", "laptop"),
        ("laptop\n", "laptop"),
        ("\ufefflaptop\u200b\xa0", "laptop"),
        ("0123456789", "0123456789"),
        (" 0123456789\t", "0123456789"),
        ("cafe\u0301", "café"),
        ("🔑 <b>&", "🔑 <b>&"),
        ("日本語", "日本語"),
        ("my\xa0laptop", "my laptop"),
        ("my  \u2009laptop", "my laptop"),
        ("山田\u3000太郎", "山田 太郎"),
        ("\u200f\u05d3\u05d5\u05d3", "\u05d3\u05d5\u05d3"),
        ("\u05d3\u05d5\u05d3 (\u200eC++\u200f)", "\u05d3\u05d5\u05d3 (C++)"),
        ("\u200c\u0639\u0644\u06cc", "\u0639\u0644\u06cc"),
        ("\u0639\u0644\u06cc\u200c\u200c\u0631", "\u0639\u0644\u06cc\u200c\u0631"),
        ("Ann · GPU", "Ann · GPU"),
        ("Ann・Lee", "Ann・Lee"),
        ("½ ﬁ ™", "½ ﬁ ™"),
    ],
)
def test_visible_text_is_kept(typed: str, kept: str) -> None:
    """Ordinary spaces, none outside or repeated, no direction marks, NFC; nothing else changes (RFC 8266 2.1).

    A joiner that begins the text or is repeated has no effect.
    """
    assert text.line("name", typed, at_most=10) == kept


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("\u0dc1\u0dca\u200d\u0dbb\u0dd3\u0db8\u0dad\u0dd3", id="Sinhala: joiner after the virama"),
        pytest.param("\u09b0\u200d\u09cd\u09af\u09be\u099a\u09c7\u09b2", id="Bengali: joiner before the virama"),
        pytest.param("\u0d1c\u0d4b\u0d23\u0d4d\u200d", id="Malayalam: joiner at the end"),
        pytest.param("\u0915\u094d\u200c\u0937", id="Hindi: non-joiner after the virama"),
        pytest.param("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", id="Persian: non-joiner"),
        pytest.param("\u06a9\u0627\u0631\u200c\u0647\u0627", id="Persian: non-joiner after a letter that never joins"),
        pytest.param("\u0645\u064f\u062d\u064e\u200c\u0631", id="Arabic: non-joiner after a vowel mark"),
        pytest.param("\u0647\u200d", id="Arabic: joiner at the end"),
        pytest.param("\u182d\u1820\u180e\u1820\u180b", id="Mongolian: vowel separator and variation selector"),
        pytest.param("\u0661\u06dd", id="Arabic: visible format character"),
        pytest.param("\u845b\U000e0100", id="Japanese: ideographic variation"),
        pytest.param("Ann \u2764\ufe0f", id="emoji: presentation"),
        pytest.param("1\ufe0f\u20e3", id="emoji: keycap"),
        pytest.param("Ann \U0001f469\u200d\U0001f4bb", id="emoji: profession"),
        pytest.param("\U0001f469\U0001f3fd\u200d\U0001f680", id="emoji: profession with a skin tone"),
        pytest.param("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", id="emoji: family"),
        pytest.param("\U0001f3f3\ufe0f\u200d\U0001f308", id="emoji: flag with a joiner"),
        pytest.param("\U0001f642\u200d\u2194\ufe0f", id="emoji: joined with an arrow"),
        pytest.param("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", id="emoji: England"),
        pytest.param("Ann \U0001fae9", id="emoji: newer than this Python"),
        pytest.param("\U0001f469\u200d\U0001faef", id="emoji: joined with a newer one"),
    ],
)
def test_names_are_kept_as_they_are_spelled(name: str) -> None:
    """Invisible characters that are spelling, and emoji, stay: without them the name would be another."""
    assert text.line("name", name, at_most=10) == name
    assert text.visible(name, at_most=10) == name


@pytest.mark.parametrize(
    ("typed", "code", "number"),
    [
        ("a\nb", "000A", 2),
        ("a\rb", "000D", 2),
        ("a\tb", "0009", 2),
        ("a\0b", "0000", 2),
        ("a\x1bb", "001B", 2),
        ("a\x7fb", "007F", 2),
        ("a\u202eb", "202E", 2),
        ("\u202ea", "202E", 1),
        ("a\u202db\u202c", "202D", 2),
        ("\u202aa\u202c", "202A", 1),
        ("\u2066a\u2069", "2066", 1),
        ("a\u2068b", "2068", 2),
        ("a\u200bb", "200B", 2),
        ("a\u2060b", "2060", 2),
        ("a\ufeffb", "FEFF", 2),
        ("a\xadb", "00AD", 2),
        ("a\u2028b", "2028", 2),
        ("a\ud800b", "D800", 2),
        ("a\ue000b", "E000", 2),
        ("a\uffff", "FFFF", 2),
        ("a\ufdd0", "FDD0", 2),
        ("a\U000e0001b", "E0001", 2),
        ("a\u2065b", "2065", 2),
        ("a\u200db", "200D", 2),
        ("a\u200c", "200C", 2),
        ("\U0001f469\u200da", "200D", 2),
        ("\U0001f469\u200d", "200D", 2),
        ("a\ufe0f\ufe0e", "FE0E", 3),
        ("a \ufe0f", "FE0F", 3),
        ("\u3164", "3164", 1),
        ("a\u2800", "2800", 2),
        ("a\u034fb", "034F", 2),
        ("a\U000e0067", "E0067", 2),
        ("\U0001f3f4\U000e0067\U000e007f", "E0067", 2),
        ("\U0001f3f4" + "\U000e0067" * 7 + "\U000e007f", "E0067", 2),
    ],
)
def test_invisible_characters_are_refused_by_number(typed: str, code: str, number: int) -> None:
    """Controls, bidi controls, zero width without effect, blanks, private use: they make names look alike."""
    assert _refusal(typed) == (
        f"The name cannot contain the character U+{code} (number {number}), which is invisible or has no common "
        "meaning. Delete it, or type the name again."
    )


@pytest.mark.parametrize("typed", ["01234567890", "\u0958" * 6, "e\u0301" * 11, "x" * 1_000_000, "\u0301" * 41])
def test_more_than_the_limit_is_refused(typed: str) -> None:
    """The limit applies to what would be stored: U+0958 becomes two characters in NFC."""
    assert _refusal(typed) == _TOO_LONG


@pytest.mark.parametrize(
    "typed", ["\u1f80" * 10, "\u03b1\u0313\u0345" * 10, "  0123456789" + " " * 1000, "e\u0301" * 10]
)
def test_the_limit_itself_is_accepted_in_any_spelling(typed: str) -> None:
    """Ten characters, typed with up to forty and with any number of spaces around them."""
    assert len(text.line("name", typed, at_most=10)) == 10


def test_no_character_is_longer_decomposed_than_the_bound() -> None:
    """So that the bound before NFC refuses no text that fits after it."""
    lengths = {len(unicodedata.normalize("NFD", chr(code))) for code in range(sys.maxunicode + 1)}

    assert max(lengths) == text.LONGEST_DECOMPOSITION
    assert len(text.line("name", unicodedata.normalize("NFD", "\u1f82" * 10), at_most=10)) == 10


@pytest.mark.parametrize("typed", ["", " ", "\t\n", "\u200b\ufeff", "\u200f"])
def test_a_required_text_must_not_be_empty(typed: str) -> None:
    """Spaces and invisible characters alone are not enough."""
    with pytest.raises(InvalidInput) as refusal:
        text.line("name", typed, at_most=10, required=True)

    assert refusal.value.message == "Enter a name."


def test_outer_white_space_is_all_white_space() -> None:
    """What Python, and with it Unicode, calls white space."""
    spaces = "".join(filter(str.isspace, map(chr, range(sys.maxunicode + 1))))

    assert text.line("name", f"{spaces}a{spaces}", at_most=10) == "a"
    assert text.trimmed(f"{spaces}a{spaces}") == "a"


@exactly
@given(_TYPED)
def test_stored_text_is_one_line_and_a_fixed_point(typed: str) -> None:
    """Any text is refused, or becomes one line that would be stored unchanged."""
    try:
        kept = text.line("name", typed, at_most=30)
    except InvalidInput:
        return

    assert len(kept.splitlines()) <= 1
    assert (kept, unicodedata.is_normalized("NFC", kept)) == (kept.strip(), True)
    assert text.line("name", kept, at_most=30) == kept


@exactly
@given(_TYPED)
def test_every_spelling_of_a_text_has_one_verdict(typed: str) -> None:
    """Judged after it is normalized: composed, decomposed, and with spaces around it."""

    def verdict(spelling: str) -> str | None:
        try:
            return text.line("name", spelling, at_most=30)
        except InvalidInput:
            return None

    spellings = (unicodedata.normalize("NFC", typed), unicodedata.normalize("NFD", typed), f"\u3000{typed}\u200b\n")
    assert [verdict(spelling) for spelling in spellings] == [verdict(typed)] * 3


@exactly
@given(_TYPED, st.integers(1, 12))
def test_what_a_provider_says_becomes_a_line_of_limited_length(said: str, at_most: int) -> None:
    """Whatever is refused or too long is left out, and nothing else is: cutting off leaves no dangling joiner."""
    kept = text.visible(said, at_most=at_most)

    assert text.line("name", kept, at_most=at_most) == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("An\u200bn", "Ann"),
        ("\u202eAnn\u202c", "Ann"),
        ("Ann\u200d", "Ann"),
        ("01234567\U0001f469\u200d\U0001f4bb", "01234567\U0001f469"),
        ("\U0001f469\u200d\u202e\U0001f4bb", "\U0001f469\U0001f4bb"),
    ],
)
def test_what_is_refused_is_left_out(said: str, kept: str) -> None:
    """The limit of ten characters cuts off the last emoji, and its joiner with it."""
    assert text.visible(said, at_most=10) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "ab12",
        " AB-1-2\n",
        "\uff41\uff42\uff0d\uff11\uff12",
        "a b\u30fc1 2",
        "\u2068AB\u201312\u2069",
        "ab\u00a0\u22121\u200b2",
    ],
)
def test_a_code_is_the_same_with_any_keyboard(typed: str) -> None:
    """Full-width letters and digits, any dash or space, either case, and what was copied along."""
    assert text.code(typed) == "AB12"


@exactly
@given(_TYPED)
def test_a_code_and_a_trimmed_text_are_fixed_points(typed: str) -> None:
    """A code with other characters is refused anyway."""
    assert text.trimmed(text.trimmed(typed)) == text.trimmed(typed)
    code = text.code(typed)
    assert not code.isascii() or text.code(code) == code
