"""SnapStart: what is published, and that no deployment leaves an old version in use."""

import copy
from functools import cache
from pathlib import Path
from typing import Any

from local import adapt
from scripts import snapshots, stacks
from tests.cloudformation import resources, template

FUNCTION = "AWS::Serverless::Function"
# Functions that a person waits for: logins, and the first request of every page and client.
SNAPPED = {"Login", "OauthStart", "OauthCallback", "ClientToken", "SessionShow", "AccountOpen"}


@cache
def translated(release: str) -> dict[str, Any]:
    """The published template as CloudFormation gets it."""
    published = snapshots.published(copy.deepcopy(template()), release)
    found: dict[str, Any] = adapt.translate(published, lambda _: {"Bucket": "b", "Key": "k"}, {"SnapStart": "on"})
    return found["Resources"]


def names(found: dict[str, Any], kind: str) -> set[str]:
    """The logical ids of that type."""
    return {name for name, it in found.items() if it["Type"] == kind}


def test_the_functions_that_people_wait_for_have_snapshots_if_that_is_on() -> None:
    """Nothing is changed if it is off."""
    functions = resources(FUNCTION)
    snapped = {name.removesuffix("Function"): it["SnapStart"] for name, it in functions.items() if "SnapStart" in it}
    assert snapped == {key: {"ApplyOn": {"Fn::If": ["UseSnapStart", "PublishedVersions", "None"]}} for key in SNAPPED}
    assert [name for name, it in functions.items() if "AutoPublishAlias" in it] == []


def test_each_of_them_is_called_by_its_alias() -> None:
    """A snapshot of a version that is not called only costs money."""
    found = translated("a" * 64)
    aliases = names(found, "AWS::Lambda::Alias")

    assert aliases == {f"{name}FunctionAlias{snapshots.ALIAS}" for name in SNAPPED}
    body = str(found["HttpApi"]["Properties"]["Body"])
    assert [alias for alias in aliases if f"${{{alias}}}/invocations" not in body] == []


def test_another_release_is_another_version_and_replaces_the_old_one() -> None:
    """Each kept version costs money."""
    one, other = (names(translated(release * 64), "AWS::Lambda::Version") for release in "ab")

    assert one
    assert one & other == set()
    assert {translated("a" * 64)[name]["DeletionPolicy"] for name in one} == {"Delete"}


def test_a_release_is_everything_that_is_deployed(tmp_path: Path) -> None:
    """A changed layer or parameter must not leave the alias on an old version; an equal build is the same release."""
    (tmp_path / "DomainLayer").mkdir()
    (tmp_path / "DomainLayer" / "users.py").write_text("one")
    parameters = {"SignWith": "A"}
    first = snapshots.digest(tmp_path, parameters)

    assert snapshots.digest(tmp_path, dict(parameters)) == first
    assert snapshots.digest(tmp_path, {"SignWith": "B"}) != first
    (tmp_path / "DomainLayer" / "users.py").write_text("two")
    assert snapshots.digest(tmp_path, parameters) != first


def test_the_built_template_is_rewritten_in_place(tmp_path: Path) -> None:
    """`sam deploy` finds it where `sam build` put it."""
    built = tmp_path / "template.yaml"
    built.write_text("Resources: {F: {Type: X, Properties: {SnapStart: {}}}, G: {Type: X, Properties: {}}}")
    snapshots.publish(built, {})

    found = stacks.read(built)["Resources"]
    assert (found["F"]["Properties"]["AutoPublishAlias"], "AutoPublishAlias" in found["G"]["Properties"]) == (
        "live",
        False,
    )
