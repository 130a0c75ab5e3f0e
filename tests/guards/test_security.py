"""docs/security.md has every rule that code and tests name, and every row names a module and a test that exist."""

import re
from collections import Counter
from pathlib import Path

import pytest

from accounts.web import cookies
from tests.guards import project
from tests.guards.project import ROOT, found

PAGE = ROOT / "docs" / "security.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([A-Z]{2}-\d{2}) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
_SUFFIXES = {".py", ".js", ".css", ".html", ".json", ".md", ".txt", ".yaml", ".toml"}
_FOLDERS = ("layers/domain", "functions", "scripts", "local", "examples", "benchmarks", "monitoring", "tests", "docs")
FILES = tuple(
    path
    for path in (*ROOT.glob("*"), *(it for folder in _FOLDERS for it in (ROOT / folder).rglob("*")))
    if path.is_file() and path.suffix in _SUFFIXES and path not in {PAGE, Path(__file__)}
)
_NUMBER = r"\d+\.\d+(?:\.\d+)*"


def test_every_row_has_its_five_columns() -> None:
    """Otherwise the tests below would skip it."""
    assert len(ROWS) > 130
    assert [row[0] for row in ROWS] == re.findall(r"^\|? *([A-Z]{2}-\d{2}) ?\|", TEXT, re.MULTILINE)


def test_every_rule_has_one_row() -> None:
    assert [name for name, times in Counter(row[0] for row in ROWS).items() if times > 1] == []


def test_every_rule_that_is_named_has_a_row() -> None:
    """Add the missing rule to docs/security.md, or correct the id."""
    assert found(r"\b([A-Z]{2}-\d{2})\b(?!-)", *FILES) - {row[0] for row in ROWS} == set()


def test_ids_are_written_in_full() -> None:
    """Write "PW-03, PW-04" and not "PW-03, 04": a search for PW-04 should find it."""
    assert found(r"(\b[A-Z]{2}-\d{2}(?:, -?\d{2}\b|\.\.\d+))", *FILES) == set()


@pytest.mark.parametrize(
    ("source", "separator"), [("ASVS", r"(?:, |-)"), ("NIST SP 800-63B-4", r"(?:, |-)"), ("OpenID Connect Core", ", ")]
)
def test_every_section_of_a_source_that_is_named_is_the_source_of_a_rule(source: str, separator: str) -> None:
    """Add it to the row of the rule that it asks for. A chapter, such as ASVS 6.5, needs a rule below it."""
    mentions = rf"{source} ({_NUMBER}(?:{separator}{_NUMBER})*)"
    named = {number for mention in found(mentions, *FILES) for number in re.findall(_NUMBER, mention)}
    listed = {number for row in ROWS for it in re.findall(mentions, row[2]) for number in re.findall(_NUMBER, it)}
    assert {it for it in named if not any(has == it or has.startswith(f"{it}.") for has in listed)} == set()


def test_every_rfc_that_is_named_is_a_source() -> None:
    """Add it to the table of sources, with its title."""
    assert found(r"\bRFC (\d+)", *FILES, PAGE) - found(r"^\| RFC (\d+) \| \[", PAGE) == set()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_rule_is_kept_by_a_module_that_exists(row: tuple[str, ...]) -> None:
    """Correct the fourth column: a module of the package, or a file of the project."""
    places = row[3].split(", ")
    assert [it for it in places if not re.fullmatch(r"`[\w./]+`", it) or not _exists(it.strip("`"))] == []


def _exists(place: str) -> bool:
    module = project.PACKAGE.parent.joinpath(*place.split("."))
    return (ROOT / place).is_file() or module.with_suffix(".py").is_file() or (module / "__init__.py").is_file()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_rule_is_tested_by_a_test_that_exists(row: tuple[str, ...]) -> None:
    """Correct the fifth column: `path below tests::name`."""
    for test in row[4].split("<br>"):
        path, _, name = test.strip("`").partition("::")
        file = ROOT / "tests" / path
        assert file.is_file(), path
        assert name.startswith("test_"), test
        assert re.search(rf"^def {re.escape(name)}\(", file.read_text(encoding="utf-8"), re.MULTILINE), test


def test_the_table_of_cookies_is_complete() -> None:
    """Add a row for each cookie, and say how long it lasts."""
    table = re.findall(r"^\| `([\w-]+)…?` \| [^|]+ \| [^|]+ \|$", TEXT, re.MULTILINE)
    named = {value for name, value in vars(cookies).items() if name.endswith("_COOKIE")}
    written = found(r"(?:writeCookie|leaveNote)\([`\"]([a-z-]+)(?:=|\")", *(project.PACKAGE / "web").rglob("*.js"))

    assert set(table) == named | written


def test_only_static_texts_are_compressed() -> None:
    """The length of a compressed response depends on its secrets. An asset may be an image, which is not text."""
    sources = {path.name: path.read_text(encoding="utf-8") for path in project.PACKAGE.rglob("*.py")}
    compressing = {name for name, text in sources.items() if re.search(r"\b(zlib\.compress|gzip\.)", text)}
    encoding = {name for name, text in sources.items() if "is_base64=True" in text}

    assert compressing == {"static_texts.py"}
    assert encoding == {"static_texts.py", "assets.py"}
