"""The pages use only what the oldest supported browsers have, by MDN's data, or work without it."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.browser.absent import LACKING, OLDEST
from tests.cloudformation import ROOT
from tests.conftest import missing
from tests.guards import project

ASSETS = project.PACKAGE / "web" / "static" / "assets"
_DATA = ROOT / ".local" / "biome" / "node_modules" / "@mdn" / "browser-compat-data" / "data.json"
# Interfaces of which a page has no object; their members only share a name with something that pages use.
_NOT_ON_PAGES = re.compile(
    r"(SVG|RTC|CSS|Audio|OfflineAudio|Canvas|FontFace|FileSystem|Performance|Media|HTML(Slot|Media|Details|IFrame|Image|Camera|Geolocation|Microphone|UserMedia|FencedFrame"
    r"|Area)|CustomElement|Processing|Readable|Iterator|Request\.|Navigator\.cookieEnabled|KeyboardEvent\.code)"
)
# Members of other objects with the same name, and an event that dialogs.js dispatches where there are no dialogs.
_NOT_MEANT = {
    "HTMLDialogElement.close_event",
    "HTMLDialogElement.open",
    "HTMLDialogElement.show",
    "HTMLInputElement.search_event",
    "Response.json_static",
    "URL.parse_static",
    "Window.open",
}
# Of a set, in that file only.
_SIZE_OF_A_SET = ("password_score.js", "URLSearchParams.size")
# CSS without which a page only looks plainer, or that is inside @supports.
_DECORATION = {
    "accent-color",
    "align-self: start",
    "color-scheme",
    "cursor: default",
    "cursor: pointer",
    "cursor: progress",
    "outline",
    "overflow-wrap: anywhere",
    "resize",
    "resize: none",
    "svh",
    "text-size-adjust",
    "text-wrap",
    "text-wrap: balance",
    "::backdrop",
    ":focus-visible",
}
# Syntax that Safari 15 refuses or runs wrongly: a module that has it does not run at all.
_SYNTAX = {
    "top-level await": r"^(?:const [^=]*= |let [^=]*= )?await\b",
    "lookbehind": r"\(\?<[=!]",
    "a static block": r"\bstatic \{",
    "import attributes": r"^import .* with \{",
    "regular expressions with /v or /d": r"/[a-z]*[vd][a-z]*[,;.)]$",
}


@cache
def _mdn() -> Any:
    """MDN's data, which `make check-js` installs beside Biome."""
    if not _DATA.is_file():
        if shutil.which("npm") is None:
            missing("npm is not installed, which installs MDN's data about browsers")
        subprocess.run(["make", "--silent", ".local/biome/node_modules/.bin/biome"], cwd=ROOT, check=True)  # noqa: S607
    return json.loads(_DATA.read_text(encoding="utf-8"))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _is_supported(compat: Any) -> bool:
    """By each of the oldest browsers, without a prefix or a flag."""
    return all(
        any(_began(statement, oldest) for statement in project.listed(compat["support"].get(browser, [])))
        for browser, oldest in OLDEST.items()
    )


def _began(statement: Any, oldest: str) -> bool:
    added, hidden = statement.get("version_added"), {"flags", "prefix", "alternative_name", "version_removed"}
    return (
        isinstance(added, str)
        and added != "preview"
        and not hidden & set(statement)
        and _number(added) <= _number(oldest)
    )


@cache
def _newer() -> dict[str, set[str]]:
    """Interfaces and members that one of the oldest browsers lacks, by their last name."""
    found: dict[str, set[str]] = {}
    for area in (_mdn()["api"], _mdn()["javascript"]["builtins"]):
        for name, interface in area.items():
            if "__compat" not in interface:
                continue
            if not _is_supported(interface["__compat"]):
                found.setdefault(name, set()).add(name)
                # Objects of a newer interface come from its name, except for elements, which HTML creates.
                if not name.startswith("HTML"):
                    continue
            for member, feature in interface.items():
                if member != "__compat" and "__compat" in feature and not _is_supported(feature["__compat"]):
                    found.setdefault(re.sub(r"_(static|event)$", "", member), set()).add(f"{name}.{member}")
    return found


def _scripts() -> Iterator[tuple[str, str]]:
    for path in sorted(ASSETS.glob("*.js")):
        yield path.name, re.sub(r"//.*", "", path.read_text(encoding="utf-8"))


def _used(text: str) -> set[str]:
    """Names of members and of interfaces, whatever object they belong to."""
    return set(re.findall(r"\.(\w+)", text)) | set(
        re.findall(r"(?<![\w.])([A-Z]\w+|structuredClone|reportError)", text)
    )


def test_scripts_use_what_the_oldest_browsers_have() -> None:
    """Use an older feature; or go without, in browser.js or dialogs.js, and add it to tests/browser/absent.py."""
    found = {
        (name, feature)
        for name, text in _scripts()
        for used in _used(text)
        for feature in _newer().get(used, ())
        if not _NOT_ON_PAGES.match(feature) and feature not in _NOT_MEANT
    } - {_SIZE_OF_A_SET}

    assert {feature for _, feature in found} == set(LACKING)
    assert {name for name, _ in found} == {"browser.js", "dialogs.js"}


@pytest.mark.parametrize("what", _SYNTAX)
def test_scripts_have_no_syntax_that_an_old_browser_refuses(what: str) -> None:
    """The rest of the module would not run either."""
    assert [name for name, text in _scripts() if re.search(_SYNTAX[what], text, re.MULTILINE)] == []


def _features_of_css(text: str) -> Iterator[tuple[str, Any]]:
    """The features of a stylesheet that MDN describes, with their data."""
    css = _mdn()["css"]
    types = {name: feature for kind in css["types"].values() for name, feature in kind.items() if name != "__compat"}
    for name in set(re.findall(r"([a-z-]+)\(", text)):
        yield name, css["types"].get(name) or types.get(name)
    for name, value in set(re.findall(r"^\s*([a-z-]+):\s*([^;]+);", text, re.MULTILINE)):
        yield name, css["properties"].get(name)
        yield f"{name}: {value}", css["properties"].get(name, {}).get(value)
    for selector in re.findall(r"^(?!\s*[a-z-]+: )\s*([^@\n;]+)[,{]$", text, re.MULTILINE):
        for colons, name in re.findall(r"(::?)([a-z-]+)", selector):
            yield f"{colons}{name}", css["selectors"].get(name)
    for name in set(re.findall(r"@([a-z-]+)", text)):
        yield f"@{name}", css["at-rules"].get(name)
    for name in set(re.findall(r"\b\d+([sld]v[hw])\b", text)):
        yield (
            name,
            css["types"]["length"][
                "viewport_percentage_units_small" if name[0] == "s" else "viewport_percentage_units_large"
            ],
        )


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.css")), ids=lambda path: path.name)
def test_styles_use_what_the_oldest_browsers_have(path: Any) -> None:
    """Without a colour or a layout, text may be unreadable. Use an older feature."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = {name: data for name, data in _features_of_css(text) if data and "__compat" in data}

    # Variables may have any value.
    assert len(found) > min(10, len(re.findall(r"^ +[a-z][^;]*;", text, re.MULTILINE)))
    assert {name for name, data in found.items() if not _is_supported(data["__compat"])} - _DECORATION == set()


def test_the_guards_of_this_module_find_what_is_too_new() -> None:
    """What they once would have found."""
    assert "URLSearchParams.size" in _newer()["size"]
    assert "AbortSignal.timeout_static" in _newer()["timeout"]
    assert "Element.ariaDisabled" in _newer()["ariaDisabled"]
    css = "a:has(b) {\n  color: light-dark(#000, #fff);\n  background: color-mix(in srgb, red, blue);\n}\n"
    newer = {name for name, data in _features_of_css(css) if data and not _is_supported(data["__compat"])}
    assert newer == {":has", "light-dark", "color-mix"}


def test_the_documents_name_the_oldest_browsers() -> None:
    text = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8")
    words = f"Safari {OLDEST['safari']}, Chrome and Edge {OLDEST['chrome']}, and Firefox {OLDEST['firefox']}"
    assert words in " ".join(text.split())
