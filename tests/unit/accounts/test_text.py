"""Names and descriptions: one line, visible, of limited length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import text
from accounts.errors import InvalidInput
from tests.unit.accounts.stage import exactly

_INVISIBLE = "The name can have letters, digits, signs and spaces, but no invisible characters."
_TOO_LONG = "The name can have 10 characters at most."


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("   ", ""),
        ("laptop", "laptop"),
        (" laptop  ", "laptop"),
        ("laptop\n", "laptop"),
        ("0123456789", "0123456789"),
        ("cafe\u0301", "café"),
        ("🔑 <b>&", "🔑 <b>&"),
        ("日本語", "日本語"),
    ],
)
def test_visible_text_is_kept(typed: str, kept: str) -> None:
    """NFC and no outer spaces; nothing else changes, and output is escaped where it is shown."""
    assert text.line("name", typed, at_most=10) == kept


@pytest.mark.parametrize(
    "typed",
    ["a\nb", "a\rb", "a\tb", "a\0b", "a\x1bb", "a\x7fb", "a\u202eb", "a\u200bb", "a\u2028b", "a\ud800b", "a\ue000b"],
)
def test_invisible_characters_are_refused(typed: str) -> None:
    """Controls, bidi overrides, zero width, line separators, surrogates and private use can imitate another name."""
    with pytest.raises(InvalidInput) as refusal:
        text.line("name", typed, at_most=10)

    assert refusal.value.message == _INVISIBLE


@pytest.mark.parametrize("typed", ["01234567890", " 0123456789", "\u0958" * 6, "x" * 1_000_000])
def test_more_than_the_limit_is_refused(typed: str) -> None:
    """The limit applies to the text as typed and as stored: U+0958 becomes two characters in NFC."""
    with pytest.raises(InvalidInput) as refusal:
        text.line("name", typed, at_most=10)

    assert refusal.value.message == _TOO_LONG


@pytest.mark.parametrize("typed", ["", " ", "\t\n"])
def test_a_required_text_must_not_be_empty(typed: str) -> None:
    """Spaces alone are not enough."""
    with pytest.raises(InvalidInput) as refusal:
        text.line("name", typed, at_most=10, required=True)

    assert refusal.value.message == "Enter a name."


@exactly
@given(st.text(max_size=20))
def test_stored_text_is_one_line_and_a_fixed_point(typed: str) -> None:
    """Any text is refused, or becomes one line that would be stored unchanged."""
    try:
        kept = text.line("name", typed, at_most=20)
    except InvalidInput:
        return

    assert len(kept.splitlines()) <= 1
    assert text.line("name", kept, at_most=20) == kept
