"""Every language has every text, with the same placeholders, and none that nothing shows."""

import re
from string import Formatter
from typing import get_args

import pytest

from accounts import languages
from accounts.flows.mail.mails import Method
from accounts.model.providers import TITLES
from accounts.ses.postman import TEMPLATES
from scripts.mails import SAMPLES

EMAILS = languages.read(languages.DEFAULT, "emails")
# Sections of the emails' texts besides those of each email.
_COMMON = {"layout", "facts", "values", "shared"}
_OWN = sorted(EMAILS.keys() - _COMMON)


def shown(function: str, *names: str) -> set[str]:
    """The texts that templates show with ``function``."""
    templates = [(TEMPLATES / name).read_text(encoding="utf-8") for name in names]
    arguments = [it for text in templates for it in re.findall(rf'\b{function}\(((?:"[a-z_]+"(?:, )?)+)', text)]
    return {name for it in arguments for name in re.findall(r"[a-z_]+", it)}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_email_has_texts() -> None:
    assert sorted(SAMPLES) == _OWN


@pytest.mark.parametrize("kind", _OWN)
def test_an_email_shows_all_of_its_texts(kind: str) -> None:
    template = f"{kind}.jinja"
    button = {"button"} if "{{ button() }}" in (TEMPLATES / template).read_text(encoding="utf-8") else set()

    found = shown("p", template) | button | {"subject", "preview"}
    assert found - EMAILS["shared"].keys() == EMAILS[kind].keys()


def test_every_common_text_is_shown() -> None:
    emails = [f"{kind}.jinja" for kind in _OWN]
    parts = ("layout.html", "layout.txt", "parts.html", "parts.txt")

    assert EMAILS["shared"].keys() == shown("p", *emails) & EMAILS["shared"].keys()
    assert EMAILS["facts"].keys() == shown("facts", *emails)
    assert EMAILS["layout"].keys() == shown("say", *parts) - {"subject", "preview", "button"}


def test_each_login_method_has_a_name() -> None:
    assert get_args(Method) == ("password", *TITLES, "passkeys")
    assert set(get_args(Method)) <= EMAILS["values"].keys()


@pytest.mark.parametrize("kind", _OWN)
def test_a_text_has_no_placeholder_that_its_email_does_not_fill(kind: str) -> None:
    filled = set(SAMPLES[kind].__struct_fields__) | {"site", "link"}

    assert {name for text in EMAILS[kind].values() for name in placeholders(text)} <= filled
    assert placeholders(EMAILS[kind]["subject"]) == {"site"}


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_a_language_has_the_same_texts_with_the_same_placeholders(language: str) -> None:
    found = {
        (section, name): placeholders(text)
        for section, texts in languages.read(language, "emails").items()
        for name, text in texts.items()
    }

    assert found == {
        (section, name): placeholders(text) for section, texts in EMAILS.items() for name, text in texts.items()
    }
