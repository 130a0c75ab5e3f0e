"""What a visitor chooses on every page: a language and a theme. The pages write the choices to cookies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from accounts import languages
from accounts.web.cookies import THEME_COOKIE

if TYPE_CHECKING:
    from accounts.web.requests import Request

SYSTEM: Final = ""
THEMES: Final = ("light", "dark")


def theme_of(request: Request | None) -> str:
    """The chosen theme, or that of the visitor's system."""
    chosen = next((it for name, it in request.cookies if name == THEME_COOKIE), SYSTEM) if request else SYSTEM
    return chosen if chosen in THEMES else SYSTEM


def blanks(language: str, theme: str, texts: Mapping[str, str]) -> dict[str, str]:
    """For the layout. ``theme.light`` and ``theme.dark`` are the media to which each applies: paper is always light.

    ``texts`` are escaped.
    """
    named = ((SYSTEM, texts["layout.theme_system"]), *((it, texts[f"layout.theme_{it}"]) for it in THEMES))
    themes = "".join(_option(value, text, theme) for value, text in named)
    tags = "".join(_option(tag, text, language, f' lang="{tag}"') for tag, text in languages.LANGUAGES.items())
    return {
        **{f"theme.{it}": _media(it, theme) for it in THEMES},
        "theme.schemes": theme or " ".join(THEMES),
        "page.themes": _select("theme", texts["layout.theme"], themes),
        "page.languages": _select("language", texts["layout.language"], tags),
    }


def _media(theme: str, chosen: str) -> str:
    if chosen == SYSTEM:
        return f"(prefers-color-scheme: {theme})"
    return "screen" if theme == chosen else "not all"


def _select(name: str, label: str, options: str) -> str:
    return f'<label>{label} <select id="{name}">{options}</select></label>'


def _option(value: str, text: str, chosen: str, more: str = "") -> str:
    return f'<option value="{value}"{more}{" selected" if value == chosen else ""}>{text}</option>'
