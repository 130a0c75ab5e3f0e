"""How the code is built: contracts between its parts, sizes that fit a head, and what must never be in it."""

import ast
import os
import sys
from pathlib import Path

import pytest
from importlinter import configuration
from importlinter.application.use_cases import lint_imports

from tests.guards import project
from tests.guards.project import relative

LONGEST_MODULE, LONGEST_FUNCTION, LONGEST_HANDLER = 300, 40, 40
# Catalogues: one tree, drawn in its docstring, with five lines for each refusal; one entry for each route.
CATALOGUES = {"layers/domain/accounts/errors.py": 600, "layers/domain/accounts/web/routes.py": 500}
OURS = (*project.MODULES, *project.HANDLERS)
# Deterministic, or guessable from its neighbours; `secrets` is neither.
PREDICTABLE = {"random", "uuid", "numpy.random"}
TEST_DOUBLES = ("moto", "pytest", "unittest", "hypothesis", "ministack", "oauth_mocks", "tests", "local")
BREAKS_OUT = {"eval", "exec", "compile", "__import__"}


def test_the_contracts_between_the_packages_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower knows nothing of higher; each third party is imported by its own edge."""
    monkeypatch.chdir(project.ROOT)
    monkeypatch.setattr(sys, "path", [str(project.PACKAGE.parent), *sys.path])
    # Not its command line's function: that one turns off every logger there is.
    configuration.configure()

    assert lint_imports(config_filename="pyproject.toml", cache_dir=None, no_logo=True)


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_a_module_fits_a_head(path: Path) -> None:
    """Fewer than 300 lines."""
    longest = CATALOGUES.get(relative(path), LONGEST_MODULE)
    assert len(path.read_text(encoding="utf-8").splitlines()) < longest


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_a_function_fits_a_screen(path: Path) -> None:
    """At most 40 lines, with everything."""
    long = [node.name for node in _functions(path) if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION]
    assert long == []


@pytest.mark.parametrize("path", project.HANDLERS, ids=relative)
def test_a_handler_is_a_main(path: Path) -> None:
    """At most 40 lines of code, one function, and a docstring that says what the function is for."""
    assert project.code_lines(path) <= LONGEST_HANDLER
    assert [node.name for node in _functions(path)] == ["lambda_handler"]
    assert ast.get_docstring(project.parsed(path))


@pytest.mark.parametrize("path", project.HANDLERS, ids=relative)
def test_a_handler_imports_the_domain_and_no_third_party(path: Path) -> None:
    """It wires what the domain and its edges offer; pynamodb, botocore and the rest are theirs."""
    foreign = {name.partition(".")[0] for name in project.imported(path)} - {
        "accounts",
        "collections",
        "datetime",
        "typing",
    }
    assert foreign == set()


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_nothing_secret_comes_from_a_predictable_source(path: Path) -> None:
    """Not even elsewhere: what is not there cannot be used for a token by mistake."""
    assert project.imported(path) & PREDICTABLE == set()


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_no_test_double_can_be_deployed(path: Path) -> None:
    """Nothing that is deployed knows of a fake (a way in that only tests should have)."""
    assert [name for name in project.imported(path) if name.partition(".")[0] in TEST_DOUBLES] == []
    classes = [node.name for node in ast.walk(project.parsed(path)) if isinstance(node, ast.ClassDef)]
    assert [name for name in classes if name.lstrip("_").startswith(("Fake", "Mock", "Stub", "Dummy"))] == []


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_no_text_is_ever_run(path: Path) -> None:
    """No eval, no exec, no pickle, no shell."""
    called = _plainly_called(path)
    assert called & BREAKS_OUT == set()
    assert project.imported(path) & {"pickle", "marshal", "shelve", "subprocess", "yaml"} == set()


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_nothing_is_printed(path: Path) -> None:
    """What is written to the log goes through telemetry, which knows what may not stand there."""
    called = _plainly_called(path)
    assert called & {"print", "breakpoint", "input"} == set()


def test_tests_are_no_packages() -> None:
    """They are imported by path; a package called ``tests`` could shadow another."""
    assert [relative(Path(folder) / name) for folder, _, names in os.walk(project.ROOT / "tests") for name in names
            if name == "__init__.py"] == []  # fmt: skip


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = project.parsed(path)
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _plainly_called(path: Path) -> set[str]:
    calls = (node.func for node in ast.walk(project.parsed(path)) if isinstance(node, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)}
