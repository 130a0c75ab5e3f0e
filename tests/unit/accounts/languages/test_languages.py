"""Which language a reader gets."""

from collections.abc import Mapping

import pytest

from accounts import languages

_ALL: Mapping[str, str] = dict.fromkeys(("en", "de", "ar", "zh-Hans", "zh-Hant", "pt-BR"), "")


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "LANGUAGES", _ALL)


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("fr, de-AT;q=0.8, en;q=0.5", "de"),
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
        ("fr", "en"),
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
