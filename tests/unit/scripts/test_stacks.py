"""Templates are read as SAM CLI reads them."""

import pytest
from samtranslator.yaml_helper import yaml_parse

from scripts import stacks
from tests.cloudformation import ROOT


@pytest.mark.parametrize("path", ["template.yaml", "monitoring/template.yaml"])
def test_a_template_is_read_as_sam_reads_it(path: str) -> None:
    assert stacks.read(ROOT / path) == yaml_parse((ROOT / path).read_text(encoding="utf-8"))
