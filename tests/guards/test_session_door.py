"""Every session is opened in one place, which checks the second factor: ``SessionOpening``."""

import ast

import pytest

from tests.guards import project
from tests.guards.project import relative

DOOR = "layers/domain/accounts/flows/people/session_opening.py"
# Where these changes are defined and written.
STORES = {"layers/domain/accounts/model/", "layers/domain/accounts/dynamo/"}
# What stores a session, lists it on its account, or creates an account with one.
OPENING = {
    "accounts.model.sessions": {"Start"},
    "accounts.model.users": {"AddSession", "SwapSession", "Open"},
}


def test_only_the_door_opens_sessions() -> None:
    """A flow calls ``SessionOpening.open``, ``log_in`` or ``open_new``; each is refused without the second factor."""
    found = {relative(path): names for path in project.MODULES if (names := _opening(path.read_text(encoding="utf-8")))}
    others = {name: names for name, names in found.items() if not name.startswith(tuple(STORES))}

    assert others == {DOOR: {"Start", "AddSession", "SwapSession", "Open"}}, "Open sessions through SessionOpening."


@pytest.mark.parametrize(
    "source",
    [
        "from accounts.model import sessions\nsessions.Start(session)",
        "from accounts.model.sessions import Start\nStart(session)",
        "from accounts.model.sessions import Start as Begin\nchange = map(Begin, found)",
        "from accounts.model import sessions as them\nthem.Start",
        "import accounts.model.sessions\naccounts.model.sessions.Start(session)",
    ],
)
def test_the_guard_notices(source: str) -> None:
    """However the change is named."""
    assert _opening(source) == {"Start"}


def test_the_guard_knows_other_names() -> None:
    assert _opening("from accounts.model import api_keys\napi_keys.Start\nStart()\nusers.Open") == set()


def _opening(source: str) -> set[str]:
    """The changes of OPENING that the module uses. Imports for annotations count, too: nothing else needs one."""
    tree = ast.parse(source)
    modules, found = _modules(tree), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in OPENING:
            found |= {alias.name for alias in node.names} & OPENING[node.module]
        elif isinstance(node, ast.Attribute):
            found |= {node.attr} & OPENING.get(modules.get(ast.unparse(node.value), ""), set())
    return found


def _modules(tree: ast.Module) -> dict[str, str]:
    """The modules of OPENING by the names that the source gives them."""
    named = {module: module for module in OPENING}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            whole = ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
            named |= {name: module for name, module in whole if module in OPENING}
    return named
