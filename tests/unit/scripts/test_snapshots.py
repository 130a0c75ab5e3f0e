"""SnapStart: what is published, and that nothing that is deployed stays behind an old version."""

import copy
from pathlib import Path
from typing import Any

from local import adapt
from scripts import snapshots, stacks
from tests.cloudformation import resources, template

FUNCTION = "AWS::Serverless::Function"
# Those that somebody waits for: ways in, and what every page and program begins with.
SNAPPED = {"Login", "OauthStart", "OauthCallback", "ClientToken", "SessionShow", "AccountOpen"}


def translated(release: str) -> dict[str, Any]:
    """What CloudFormation makes of the published template."""
    published = snapshots.published(copy.deepcopy(template()), release)
    found: dict[str, Any] = adapt.translate(published, lambda _: {"Bucket": "b", "Key": "k"}, {"SnapStart": "on"})
    return found["Resources"]


def names(found: dict[str, Any], kind: str) -> set[str]:
    """The logical ids of that type."""
    return {name for name, it in found.items() if it["Type"] == kind}


def test_the_functions_that_people_wait_for_have_snapshots_where_that_is_on() -> None:
    """And nothing is changed where it is off."""
    functions = resources(FUNCTION)
    snapped = {name.removesuffix("Function"): it["SnapStart"] for name, it in functions.items() if "SnapStart" in it}
    assert snapped == {key: {"ApplyOn": {"Fn::If": ["UseSnapStart", "PublishedVersions", "None"]}} for key in SNAPPED}
    assert [name for name, it in functions.items() if "AutoPublishAlias" in it] == []


def test_each_of_them_is_called_by_its_alias() -> None:
    """A snapshot of a version that nobody calls would only cost."""
    found = translated("a" * 64)
    aliases = names(found, "AWS::Lambda::Alias")

    assert aliases == {f"{name}FunctionAlias{snapshots.ALIAS}" for name in SNAPPED}
    body = str(found["HttpApi"]["Properties"]["Body"])
    assert [alias for alias in aliases if f"${{{alias}}}/invocations" not in body] == []


def test_another_release_is_another_version_and_the_one_before_goes() -> None:
    """Each kept version costs."""
    one, same, other = (names(translated(release * 64), "AWS::Lambda::Version") for release in "aab")

    assert one == same
    assert one & other == set()
    assert {translated("a" * 64)[name]["DeletionPolicy"] for name in one} == {"Delete"}


def test_a_release_is_all_that_is_deployed(tmp_path: Path) -> None:
    """A changed layer or parameter must not stay behind the alias; the same again is the same."""
    (tmp_path / "DomainLayer").mkdir()
    (tmp_path / "DomainLayer" / "users.py").write_text("one")
    parameters = {"SignWith": "A"}
    first = snapshots.digest(tmp_path, parameters)

    assert snapshots.digest(tmp_path, dict(parameters)) == first
    assert snapshots.digest(tmp_path, {"SignWith": "B"}) != first
    (tmp_path / "DomainLayer" / "users.py").write_text("two")
    assert snapshots.digest(tmp_path, parameters) != first


def test_the_built_template_is_rewritten_in_place(tmp_path: Path) -> None:
    """`sam deploy` finds it where `sam build` left it."""
    built = tmp_path / "template.yaml"
    built.write_text("Resources: {F: {Type: X, Properties: {SnapStart: {}}}, G: {Type: X, Properties: {}}}")
    snapshots.publish(built, {})

    found = stacks.read(built)["Resources"]
    assert (found["F"]["Properties"]["AutoPublishAlias"], "AutoPublishAlias" in found["G"]["Properties"]) == (
        "live",
        False,
    )
