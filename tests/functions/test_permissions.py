"""No permission is spare: for each there is a story that succeeds with it and fails without (promise 9, DA-03)."""

import pytest

from accounts.errors import AccountsError
from tests.functions import lambdas
from tests.functions.away import away
from tests.functions.cloud import DEPLOYED
from tests.functions.conftest import NOW
from tests.functions.lambdas import NAMES, Answer, Lambdas
from tests.functions.permission_stories import STORIES
from tests.functions.roles import Permission, permissions
from tests.functions.stage import Stage, Story

PERMISSIONS = [permission for name in NAMES for permission in permissions(DEPLOYED, name)]
# How it shows that something failed whose failure must not hide what was done.
_COUNTED = {"sys_dependency_failed", "mail_failed"}
# What each story needs of the role, filled in as stories are told.
_needed: dict[tuple[str, Story], frozenset[Permission]] = {}


def _failure(answer: Answer) -> str | None:
    result = answer.result if isinstance(answer.result, dict) else {}
    if result.get("statusCode", 200) >= 500:
        return f"answered {result['statusCode']}"
    return next((event for event in answer.events if event in _COUNTED), None)


def _told(functions: Lambdas, function: str, story: Story, lacking: Permission | None = None) -> str | None:
    """Tell the story from the beginning, its last step in a function that remembers nothing; how that failed, if so."""
    functions.cloud.empty_tables()
    functions.clock.now, roles = NOW, functions.cloud.roles
    with away(functions) as providers, pytest.MonkeyPatch.context() as patch:
        last_step = story(Stage(functions, providers, patch, function))
        lambdas.module.cache_clear()
        roles.used, roles.lacking = set(), lacking
        try:
            return _failure(last_step())
        except AccountsError as error:
            return f"raised {error.code}"
        finally:
            roles.lacking = None


def _needs(functions: Lambdas, function: str, story: Story) -> frozenset[Permission]:
    """What the story, which must succeed, asks of its function's role."""
    if (function, story) not in _needed:
        assert _told(functions, function, story) is None, story.__name__
        _needed[function, story] = frozenset(functions.cloud.roles.used)
    return _needed[function, story]


@pytest.mark.parametrize("permission", PERMISSIONS, ids=str)
def test_without_it_a_story_fails(functions: Lambdas, permission: Permission) -> None:
    """503, an exception that the caller sees, or a counted failure: never the result that the story has with it."""
    told = STORIES[permission.function]
    story = next((it for it in told if permission in _needs(functions, permission.function, it)), None)
    if story is None:
        pytest.fail(
            f"No story needs `{permission}`. Take it out of template.yaml, or, if there is one, tell it in "
            f"tests/functions/permission_stories.py, under @of({permission.function!r})."
        )

    assert _told(functions, permission.function, story, lacking=permission) is not None


@pytest.mark.parametrize("function", NAMES)
def test_every_story_succeeds_under_its_role(functions: Lambdas, function: str) -> None:
    """With all permissions nothing fails, not even a notice. This includes stories that no permission needs."""
    for story in STORIES[function]:
        assert _needs(functions, function, story) <= set(permissions(DEPLOYED, function))
