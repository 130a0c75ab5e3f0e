"""The texts of pages: one file for each language, every key defined and every key used."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from accounts import errors, languages
from accounts.events import EVENTS
from accounts.web import texts

STATIC = Path(texts.__file__).with_name("static")
HTML = "\n".join(path.read_text(encoding="utf-8") for path in (STATIC / "pages").glob("*.html"))
MODULES = "\n".join(path.read_text(encoding="utf-8") for path in (STATIC / "assets").glob("*.js"))
# Filled in by the page itself, not by a catalogue.
FRAME = re.compile(r"(part|item|page|link|error|theme)\..*|assets|content|icon|language|direction|site")
SAID = set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)+)"', MODULES)) | set(re.findall(r'\bt\("([a-z_]+)"', MODULES))
# Families of keys that a module composes, with the possible endings.
FAMILIES = {
    "event": {name for name, event in EVENTS.items() if event.kept} - {"user_deleted"} | {"other", "program"},
    "error": {"unreachable", "other", "wait_over", "passkey_exists", "passkey_failed"}
    | {it.code for it in vars(errors).values() if hasattr(it, "code")},
    "mail_problem": {"bounce", "complaint"},
    "method": {"password", "passkey"},
    "named": {
        name for name, event in EVENTS.items() if {"method", "provider", "name"} & {*event.detail} and event.kept
    },
    "login": {"left", "deleted", "ended", "cancelled"},
}


def catalogue(language: str) -> Mapping[str, Mapping[str, str]]:
    """As it is in its file."""
    return languages.read(language, "pages")


def spoken(language: str) -> set[str]:
    """The keys that modules use."""
    found = catalogue(language)
    return {key for section in ("script", *texts.OF_SOME_PAGES) for key in found[section]}


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_every_text_that_a_page_shows_is_defined_and_used(language: str) -> None:
    """No placeholder remains, and no text is unused."""
    found = catalogue(language)
    named = {key for key in re.findall(r"\$\{([a-z0-9_.]+)\}", HTML) if not FRAME.fullmatch(key)}
    # Titles and links that the layout looks up by the page's name.
    titles = {key for key in found["page"] if key.endswith(".title")} | {
        *(f"footer.{it}" for it in ("terms", "walkthrough", "mailbox")),
        "layout.language",
        *(key for key in found["page"] if key.startswith("layout.theme")),
    }

    assert named - set(found["page"]) - spoken(language) == set()
    assert set(found["page"]) - named - titles == set()


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_every_text_that_a_module_shows_is_defined_and_used(language: str) -> None:
    """By its key, or as one of a family."""
    found = spoken(language)
    families = {f"{family}.{name}" for family, names in FAMILIES.items() for name in names}

    assert {key for key in SAID if not key.endswith(".js")} - found == set()
    assert found - SAID - families == set()
    assert set(re.findall(r"`([a-z_]+)\.\$\{", MODULES)) == set(FAMILIES)


def test_every_event_of_an_account_has_a_text() -> None:
    """Every event that is recorded in an account's history."""
    assert {f"event.{name}" for name in FAMILIES["event"]} - spoken("en") == set()


def test_no_key_is_defined_twice() -> None:
    """Otherwise one would be changed and the other not."""
    found = catalogue("en")

    assert sum(map(len, found.values())) == len({key for section in found.values() for key in section})


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_every_language_has_every_text(language: str) -> None:
    """With the same placeholders."""
    english, other = catalogue("en"), catalogue(language)
    blanks = {key: set(re.findall(r"\{\w+\}", text)) for part in english.values() for key, text in part.items()}

    assert {section: set(it) for section, it in english.items()} == {section: set(it) for section, it in other.items()}
    assert blanks == {key: set(re.findall(r"\{\w+\}", text)) for part in other.values() for key, text in part.items()}


def test_a_script_of_texts_is_data() -> None:
    """JSON is JavaScript: no text can break out of it."""
    script = texts.script("en", {})

    assert json.loads(script.removeprefix("globalThis.texts = ").removesuffix(";\n")) == catalogue("en")["script"]


@pytest.mark.parametrize("section", texts.OF_SOME_PAGES)
def test_the_texts_of_some_pages_are_data_too(section: str) -> None:
    """Added to the others, with the service's limits."""
    script = texts.more(section, "en", {"password_min": '15"};alert(1)//'})

    data = json.loads(script.removeprefix("Object.assign(globalThis.texts, ").removesuffix(");\n"))
    assert data.keys() == catalogue("en")[section].keys()
    assert data.get("limits.password_min") in {None, '15"};alert(1)//'}
