"""Which language a reader gets."""

import pytest

from accounts import languages


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("nl, de-AT;q=0.8, en;q=0.5", "de"),
        ("de;q=0.2, en;q=0.5", "en"),
        ("de,en", "de"),
        ("en,de", "en"),
        ("DE-de", "de"),
        ("zh", "zh-Hans"),
        ("zh-CN,zh;q=0.9", "zh-Hans"),
        ("zh-TW,zh;q=0.9", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hans-SG", "zh-Hans"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("ar-EG", "ar"),
        ("nl", "en"),
        ("*", "en"),
        ("de;q=0", "en"),
        ("de;q=x,,;q=,\x00", "en"),
        ("de;q=nan", "en"),
        ("e" * 10_000, "en"),
        ("-" * 10_000, "en"),
    ],
)
def test_the_readers_language_is_chosen_if_there_is_one(header: str, language: str) -> None:
    """Otherwise English, whatever the header says."""
    assert languages.preferred(header) == language


def test_arabic_is_written_from_right_to_left() -> None:
    assert (languages.direction("ar"), languages.direction("en")) == ("rtl", "ltr")


def test_a_refusal_is_translated_with_its_values() -> None:
    template = "The {field} can have at most {at_most} characters."
    values = {"field": "name", "at_most": 40}

    assert languages.refusal(template, values, "en") == "The name can have at most 40 characters."
    assert "40" in languages.refusal(template, values, "de")
    assert "{" not in languages.refusal(template, values, "de")
    assert languages.refusal("For programs: {x}.", {"x": 1}, "de") == "For programs: 1."
