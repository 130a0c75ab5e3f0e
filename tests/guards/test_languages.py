"""Every language has every text, with the same placeholders, and none that nothing shows."""

import ast
import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import get_args

import pytest

from accounts import errors, languages
from accounts.flows.mail.mails import Method
from accounts.model import user_agents
from accounts.model.providers import TITLES
from accounts.model.resources import MEANINGS, SCOPE
from accounts.ses.postman import TEMPLATES
from accounts.ses.words import DEVICES
from scripts.mails import SAMPLES
from tests.guards import project

EMAILS = languages.read(languages.DEFAULT, "emails")
# Sections of the emails' texts besides those of each email.
_COMMON = {"layout", "facts", "values", "shared"}
_OWN = sorted(EMAILS.keys() - _COMMON)
OTHERS = sorted(languages.LANGUAGES.keys() - {languages.DEFAULT})
# Texts of this length may be names.
SHORT = 24
# Refusals of programs and operators, which stay English.
_PROGRAMS = (errors.ClientRefused, errors.ConfigurationError, errors.MethodNotAllowed)
_OPERATORS = ("flows/operators/", "model/consents.py", "model/leak_reports.py", "model/users.py")


def _refusals() -> Iterator[str]:
    """The default messages, and each constant that an error is created with."""
    every = (it for it in vars(errors).values() if isinstance(it, type) and issubclass(it, errors.AccountsError))
    kinds = {it.__name__: it for it in every if not issubclass(it, _PROGRAMS)}
    yield from (it.default_message for it in kinds.values() if it is not errors.TooManyAttempts)
    for module in project.MODULES:
        if not project.relative(module).partition("accounts/")[2].startswith(_OPERATORS):
            yield from _created(ast.parse(module.read_text(encoding="utf-8")), kinds)


def _created(module: ast.Module, kinds: Mapping[str, type]) -> Iterator[str]:
    """The text of each error that a constant of the module says, or a function that chooses one returns."""
    constants = {
        target.id: node.value.value
        for node in ast.walk(module)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id=kind), args=[ast.Name(id=name), *_]) if kind in kinds and name in constants:
                yield constants[name]
            case ast.Return(value=ast.Constant(value=str(text))) if "{" in text and "TooManyAttempts" in _names(module):
                yield text


def _names(module: ast.Module) -> set[str]:
    return {node.name for node in ast.walk(module) if isinstance(node, ast.ClassDef)}


REFUSALS = frozenset(_refusals())


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


def test_pages_and_emails_translate_the_same_names_of_devices() -> None:
    """Each that is more than the name of a product."""
    script = (project.PACKAGE / "web" / "static" / "assets" / "device_name.js").read_text(encoding="utf-8")
    named = user_agents.WORDS | {user_agents.UNKNOWN, user_agents.UNKNOWN_BROWSER}

    assert dict(re.findall(r'^  \["(.+)", "(device\.\w+)"\],$', script, re.MULTILINE)) == DEVICES
    assert {it for it in named if it.startswith(("a ", "an "))} == DEVICES.keys()
    assert f'split("{user_agents.ON}")' in script
    assert [it for it in named if user_agents.ON in it] == []


def test_pages_translate_what_the_scope_of_this_service_allows() -> None:
    script = (project.PACKAGE / "web" / "static" / "assets" / "question.js").read_text(encoding="utf-8")
    named = re.findall(r'^  \["(.+)", "(question\.\w+)"\],$', script, re.MULTILINE)

    assert tuple(text for text, _ in named) == MEANINGS[SCOPE]
    assert [languages.read(languages.DEFAULT, "pages")["question"][key] for _, key in named] == [it for it, _ in named]


@pytest.mark.parametrize("kind", _OWN)
def test_a_text_has_no_placeholder_that_its_email_does_not_fill(kind: str) -> None:
    filled = set(SAMPLES[kind].__struct_fields__) | {"site", "link"}

    assert {name for text in EMAILS[kind].values() for name in placeholders(text)} <= filled
    assert placeholders(EMAILS[kind]["subject"]) == {"site"}


def texts(language: str, part: str) -> dict[tuple[str, str], str]:
    sections = languages.read(language, part).items()
    return {(section, name): text for section, found in sections for name, text in found.items()}


@pytest.mark.parametrize("part", ["pages", "emails"])
@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_a_language_has_the_same_texts_with_the_same_placeholders(language: str, part: str) -> None:
    english, found = texts(languages.DEFAULT, part), texts(language, part)

    assert found.keys() == english.keys()
    assert {it: placeholders(text) for it, text in found.items()} == {
        it: placeholders(text) for it, text in english.items()
    }
    assert [it for it, text in found.items() if not text.strip()] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_refusal_that_people_see(language: str) -> None:
    found = languages.read(language, "errors")

    assert found["messages"].keys() == REFUSALS
    assert {it: placeholders(text) for it, text in found["messages"].items()} == {
        it: placeholders(it) for it in REFUSALS
    }
    assert found["words"].keys() == languages.read("de", "errors")["words"].keys()


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_is_not_english(language: str) -> None:
    """A text that was copied and forgotten. Names, and words that are the same in two languages, are few."""
    for part in ("pages", "emails"):
        english, found = texts(languages.DEFAULT, part), texts(language, part)
        same = [it for it, text in found.items() if text == english[it] and len(re.sub(r"{\w+}", "", text)) > SHORT]
        assert same == []


def test_a_script_puts_no_value_behind_a_text() -> None:
    """Languages order a sentence differently: use a placeholder, and ``parts`` if its value is an element."""
    value = r"(?:moment|day|ago|clock|make)\((?!\"(?:a|button|span)\")"
    behind = re.compile(rf"\bt\(\"[\w.]+\"[^()]*\)\}}?[ `]*,\s*(?:\" \",\s*)?{value}")
    assets = (project.PACKAGE / "web" / "static" / "assets").glob("*.js")

    assert {path.name: found for path in assets if (found := behind.findall(path.read_text(encoding="utf-8")))} == {}
    assert behind.search('line.append(" ", t("support.mention"), " ", make("code", {}, request));')
    assert behind.search('[` · ${t("activity.times", { count })} `, ago(first)]')
