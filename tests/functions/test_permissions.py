"""No permission is superfluous: for each, a story succeeds with it and fails without it (promise 9, DA-03)."""

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

# Lambda reads the queue under the mailer's role, before the function runs.
_BY_LAMBDA = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
PERMISSIONS = [it for name in NAMES for it in permissions(DEPLOYED, name) if it.action not in _BY_LAMBDA]
# Events that log a failure which does not fail the request.
_FAILURE_EVENTS = {"sys_dependency_failed", "mail_failed"}
# What each story needs of the role, filled in as stories run.
_needed: dict[tuple[str, Story], frozenset[Permission]] = {}


def _failure(answer: Answer) -> str | None:
    result = answer.result if isinstance(answer.result, dict) else {}
    if result.get("statusCode", 200) >= 500:
        return f"answered {result['statusCode']}"
    return next((event for event in answer.events if event in _FAILURE_EVENTS), None)


def _failure_of(functions: Lambdas, function: str, story: Story, lacking: Permission | None = None) -> str | None:
    """Run the story, its last step in a cold function. Returns how the last step failed, or None."""
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
    """The permissions of its function's role that the story, which must succeed, uses."""
    if (function, story) not in _needed:
        assert _failure_of(functions, function, story) is None, story.__name__
        _needed[function, story] = frozenset(functions.cloud.roles.used)
    return _needed[function, story]


@pytest.mark.parametrize("permission", PERMISSIONS, ids=str)
def test_a_story_fails_without_the_permission(functions: Lambdas, permission: Permission) -> None:
    """With a 503, an exception that the caller sees, or an event that an alarm counts."""
    stories = STORIES[permission.function]
    story = next((it for it in stories if permission in _needs(functions, permission.function, it)), None)
    if story is None:
        pytest.fail(
            f"No story needs `{permission}`. Remove it from template.yaml, or, if something needs it, add a story to "
            f"tests/functions/permission_stories.py with @of({permission.function!r})."
        )

    assert _failure_of(functions, permission.function, story, lacking=permission) is not None


@pytest.mark.parametrize("function", NAMES)
def test_every_story_succeeds_under_its_role(functions: Lambdas, function: str) -> None:
    """Also those that no permission depends on; no notice is lost."""
    for story in STORIES[function]:
        assert _needs(functions, function, story) <= set(permissions(DEPLOYED, function))
