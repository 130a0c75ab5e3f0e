"""Rules for the code: imports between packages, sizes, and forbidden constructs."""

import ast
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from importlinter import configuration
from importlinter.application.use_cases import lint_imports

from tests.guards import project
from tests.guards.project import relative

LONGEST_MODULE, LONGEST_FUNCTION, LONGEST_HANDLER = 300, 40, 30
# Catalogues: a tree of errors with five lines for each, and one entry for each event, limit, message and route.
CATALOGUES = {
    "layers/domain/accounts/errors.py": 898,
    "layers/domain/accounts/events.py": 353,
    "layers/domain/accounts/limits.py": 307,
    "layers/domain/accounts/model/messages.py": 370,
    "layers/domain/accounts/web/routes.py": 758,
}
DEPLOYED = (*project.MODULES, *project.HANDLERS)
# Deterministic, or guessable from neighbouring values. `secrets` is neither.
PREDICTABLE = {"random", "uuid", "numpy.random"}
TEST_DOUBLES = {"moto", "pytest", "unittest", "hypothesis", "ministack", "oauth_mocks", "tests", "local"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "subprocess", "yaml"}
HANDLERS_IMPORT = {"accounts", "collections", "datetime", "typing"}


def test_the_contracts_between_the_packages_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """No module imports a higher one; each third-party package is imported by its own edge only."""
    monkeypatch.chdir(project.ROOT)
    monkeypatch.setattr(sys, "path", [str(project.PACKAGE.parent), *sys.path])
    # import-linter's command-line function would disable all loggers.
    configuration.configure()

    assert lint_imports(config_filename="pyproject.toml", cache_dir=None, no_logo=True)


def test_a_module_is_short() -> None:
    """Fewer than 300 lines; more only for the catalogues."""
    lengths = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in DEPLOYED}
    assert CATALOGUES.keys() <= lengths.keys()
    long = {name: length for name, length in lengths.items() if length >= CATALOGUES.get(name, LONGEST_MODULE)}
    assert long == {}, "Split these modules by subject."


def test_a_function_fits_on_a_screen() -> None:
    """At most 40 lines, including its signature and docstring."""
    found = {
        f"{relative(path)}:{node.lineno} {node.name}": _lines(node) for path in DEPLOYED for node in _functions(path)
    }
    long = {name: length for name, length in found.items() if length > LONGEST_FUNCTION}
    assert long == {}, "Split these functions."


def test_a_handler_is_a_main() -> None:
    """At most 30 lines of code, one function, and a module docstring that says what it is for."""
    long = {name: length for name, length in _by_handler(project.code_lines).items() if length > LONGEST_HANDLER}
    assert long == {}, "Move what these handlers do into the domain."
    helpers = {name: names for name, names in _by_handler(_function_names).items() if names != ["lambda_handler"]}
    assert helpers == {}, "Move these helpers into the domain."
    assert [name for name, text in _by_handler(_docstring).items() if not text] == []


def test_a_handler_imports_the_domain_and_no_third_party() -> None:
    """Only the domain and its edges import pynamodb, botocore and other packages."""
    foreign = _offenders(project.HANDLERS, lambda path: _packages(path) - HANDLERS_IMPORT)
    assert foreign == {}


def test_nothing_secret_comes_from_a_predictable_source() -> None:
    """The predictable modules are not imported for any purpose, so no token can be made with them by mistake."""
    assert _offenders(DEPLOYED, lambda path: project.imported(path) & PREDICTABLE) == {}


def test_no_test_double_can_be_deployed() -> None:
    """A deployed fake could let an attacker in."""
    assert _offenders(DEPLOYED, lambda path: _packages(path) & TEST_DOUBLES) == {}
    assert _offenders(DEPLOYED, _fakes) == {}


def test_no_text_is_executed() -> None:
    """No eval, no exec, no pickle, no shell."""
    assert _offenders(DEPLOYED, lambda path: _plainly_called(path) & FORBIDDEN_CALLS) == {}
    assert _offenders(DEPLOYED, lambda path: project.imported(path) & FORBIDDEN_MODULES) == {}


def test_nothing_is_printed() -> None:
    """Logs are written through telemetry, which keeps secrets out of them."""
    assert _offenders(DEPLOYED, lambda path: _plainly_called(path) & {"print", "breakpoint", "input"}) == {}


def test_tests_are_not_packages() -> None:
    """They are imported by path; a package named ``tests`` could shadow another."""
    assert [relative(path) for path in (project.ROOT / "tests").rglob("__init__.py")] == []


def _offenders(paths: Iterable[Path], found: Callable[[Path], set[str]]) -> dict[str, set[str]]:
    """The findings of each file that has any."""
    return {relative(path): wrong for path in paths if (wrong := found(path))}


def _by_handler[T](value: Callable[[Path], T]) -> dict[str, T]:
    return {relative(path): value(path) for path in project.HANDLERS}


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = project.parsed(path)
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _function_names(path: Path) -> list[str]:
    return [node.name for node in _functions(path)]


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def _docstring(path: Path) -> str | None:
    return ast.get_docstring(project.parsed(path))


def _packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in project.imported(path)}


def _fakes(path: Path) -> set[str]:
    classes = {node.name for node in ast.walk(project.parsed(path)) if isinstance(node, ast.ClassDef)}
    return {name for name in classes if name.lstrip("_").startswith(("Fake", "Mock", "Stub", "Dummy"))}


def _plainly_called(path: Path) -> set[str]:
    calls = (node.func for node in ast.walk(project.parsed(path)) if isinstance(node, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)}
