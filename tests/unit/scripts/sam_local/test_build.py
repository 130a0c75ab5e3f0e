"""The template that SAM CLI builds for Docker: the product's, for another processor."""

import pytest

from scripts.sam_local import build
from tests.cloudformation import template


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_only_the_processor_differs(architecture: str) -> None:
    """Monitoring and outputs are left out: `sam local` runs functions."""
    found, original = build.template_for(architecture), template()
    functions = [name for name, it in original["Resources"].items() if it["Type"] == "AWS::Serverless::Function"]

    assert found["Globals"]["Function"]["Architectures"] == [architecture]
    assert [it for it in found["Resources"] if it in functions] == functions
    for layer in ("DependenciesLayer", "DomainLayer"):
        resource = found["Resources"][layer]
        assert resource["Metadata"]["BuildArchitecture"] == architecture
        assert resource["Properties"]["CompatibleArchitectures"] == [architecture]
    assert {it["Type"] for it in found["Resources"].values()} == {
        it["Type"] for it in original["Resources"].values()
    } - {"AWS::CloudFormation::Stack"}
    assert set(original) - set(found) == {"Outputs"}


def test_the_product_is_built_for_arm64() -> None:
    """As before: the template of a deployment is not changed."""
    assert template()["Globals"]["Function"]["Architectures"] == ["arm64"]


def test_the_layers_get_the_name_that_wheels_have() -> None:
    assert build.environment("arm64") == {"LAYER_MACHINE": "aarch64"}
    assert build.environment("x86_64") == {"LAYER_MACHINE": "x86_64"}


def test_a_function_is_called_as_in_the_template() -> None:
    resources = template()["Resources"]
    assert {build.logical_id(name) for name in build.descriptions()} == {
        name for name, it in resources.items() if it["Type"] == "AWS::Serverless::Function"
    }
    assert build.descriptions()["login"] == resources["LoginFunction"]["Properties"]["Description"]
