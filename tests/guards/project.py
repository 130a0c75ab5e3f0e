"""The project's functions, routes, modules, documents and pins, for the guards."""

import ast
import importlib.util
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from accounts import settings
from accounts.settings import Settings
from benchmarks import world
from tests import cloudformation
from tests.cloudformation import ROOT, resources, template

FUNCTION = "AWS::Serverless::Function"
FOLDERS = tuple(sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py")))
PACKAGE = ROOT / "layers" / "domain" / "accounts"
MODULES = tuple(sorted(PACKAGE.rglob("*.py")))
HANDLERS = tuple(sorted((ROOT / "functions").glob("*/handler.py")))
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "examples" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
PINS = tuple(sorted((ROOT / "requirements").glob("*.txt")))


def functions() -> dict[str, dict[str, Any]]:
    """The properties of each function, including those from Globals, by folder."""
    everywhere = template()["Globals"]["Function"]
    return {Path(own["CodeUri"]).name: everywhere | own for own in resources(FUNCTION).values()}


def routes() -> set[tuple[str, str, str]]:
    """Method, path and folder of every HTTP event in the template."""
    return {
        (event["Properties"].get("Method", "ANY"), event["Properties"].get("Path", "$default"), folder)
        for folder, function in functions().items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "HttpApi"
    }


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each policy statement, with the folder of its function."""
    for folder, function in functions().items():
        for statement in cloudformation.statements(function):
            yield folder, statement


def listed(one_or_many: Any) -> list[Any]:
    """A list, also for a single value, which CloudFormation accepts in place of a list."""
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]


def resolved(name: str, settings: dict[str, Any]) -> str:
    """The setting as text; an ``!If`` becomes ``condition: value, else value``."""
    value = settings[name]
    if isinstance(value, dict):
        condition, then, otherwise = value["Fn::If"]
        return f"{condition}: {then}, else {otherwise}"
    return str(value)


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module, which no caller may change."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> set[str]:
    """All modules that a module imports, at any level."""
    nodes = list(ast.walk(parsed(path)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def code_lines(path: Path) -> int:
    """The number of lines without blank lines, comments and docstrings."""
    lines = path.read_text(encoding="utf-8").splitlines()
    strings = {
        number
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    held = [line for number, line in enumerate(lines, 1) if number not in strings and line.strip()]
    return sum(not line.lstrip().startswith("#") for line in held)


def relative(path: Path) -> str:
    """The path relative to the project's root."""
    return path.relative_to(ROOT).as_posix()


def found(pattern: str, *paths: Path) -> set[str]:
    """All matches of the pattern's group in these files."""
    return {match for path in paths for match in re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)}


class _Recording(dict[str, str]):
    """An environment that records which variables are read."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.read: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


@cache
def settings_read(function: str) -> frozenset[str]:
    """The settings that a function's deployment reads while its handler is imported."""
    environ = _Recording(world.environment())
    path = ROOT / "functions" / function / "handler.py"
    spec = importlib.util.spec_from_file_location(f"asked_{function}", path)
    assert spec is not None
    assert spec.loader is not None
    with patch.dict(os.environ, AWS_DEFAULT_REGION="us-east-1"), patch.object(settings, "load", _loaded(environ)):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return frozenset(environ.read)


def _loaded(environ: Mapping[str, str]) -> Callable[[], Settings]:
    made = settings.load(environ)
    return lambda: made
