"""Roles on the deployed local cloud: what one no longer allows is refused there too, as in the functions' own tests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local.cloud import LocalCloud
from tests.local.person import Person

# In words of AWS: a read by key, a query of an index, and two parts of transactions, by put and by delete.
TAKEN_AWAY = [
    ("session_show", "dynamodb:GetItem", "UsersTable", "GET", "/auth/session", None),
    ("session_list", "dynamodb:Query", "SessionsTable", "GET", "/auth/sessions", None),
    ("key_create", "dynamodb:PutItem", "ApiKeysTable", "POST", "/customers/api-keys", {"name": "box"}),
    ("logout", "dynamodb:DeleteItem", "SessionsTable", "POST", "/auth/logout", None),
]


@pytest.fixture(scope="module")
def owner(cloud: LocalCloud) -> Person:
    """The owner of an account."""
    return Person(cloud).join()


@contextmanager
def _without(cloud: LocalCloud, function: str, action: str, table: str) -> Iterator[None]:
    """Remove the action on the table from the function's role for as long as this lasts."""
    iam, role = cloud.client("iam"), _role(cloud, function)
    kept = {name: _policy(iam, role, name) for name in iam.list_role_policies(RoleName=role)["PolicyNames"]}
    fewer = {name: _lacking(policy, action, cloud.outputs[table]) for name, policy in kept.items()}
    assert fewer != kept
    try:
        _write(iam, role, fewer)
        yield
    finally:
        _write(iam, role, kept)


def _role(cloud: LocalCloud, function: str) -> str:
    [name] = [deployed for deployed, folder in cloud.function_names().items() if folder == function]
    arn: str = cloud.client("lambda").get_function_configuration(FunctionName=name)["Role"]
    return arn.rpartition("/")[2]


def _policy(iam: Any, role: str, name: str) -> dict[str, Any]:
    document: dict[str, Any] = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    return document


def _lacking(policy: dict[str, Any], action: str, table: str) -> dict[str, Any]:
    return policy | {"Statement": [part for it in policy["Statement"] for part in _left(it, action, table)]}


def _left(statement: dict[str, Any], action: str, table: str) -> list[dict[str, Any]]:
    """What the statement still allows without the action on the table, on which it allows the other actions."""
    listed = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    there = [it for it in listed if f":table/{table}" in it]
    if not there or action not in statement["Action"]:
        return [statement]
    elsewhere = statement | {"Resource": [it for it in listed if it not in there]}
    others = statement | {"Resource": there, "Action": [it for it in statement["Action"] if it != action]}
    return [part for part in (elsewhere, others) if part["Resource"] and part["Action"]]


def _write(iam: Any, role: str, policies: dict[str, dict[str, Any]]) -> None:
    for name, policy in policies.items():
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy))


@pytest.mark.parametrize(("function", "action", "table", "method", "path", "body"), TAKEN_AWAY)
def test_without_a_permission_its_story_fails_and_with_it_again_succeeds(
    cloud: LocalCloud, owner: Person, function: str, action: str, table: str, method: str, path: str, body: Any
) -> None:
    """503, and then not, from the same running function: its role is asked at each call."""
    person = Person(cloud, email=owner.email)
    assert person.log_in().ok
    with _without(cloud, function, action, table):
        refused = person.call(method, path, body)
    again = person.call(method, path, body)

    assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
    assert again.ok
