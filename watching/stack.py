"""What there is to watch, as the template has it, and the expressions by which a dashboard names it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).parents[1] / "template.yaml"
_FUNCTION, _TABLE = "AWS::Serverless::Function", "AWS::DynamoDB::Table"


@dataclass(frozen=True)
class Function:
    """A function: its name in the template, that of its folder, and what memory is paid for."""

    logical_id: str
    folder: str
    memory_mb: int


@dataclass(frozen=True)
class Stack:
    """Functions and tables by name."""

    functions: tuple[Function, ...]
    tables: tuple[str, ...]


def read(path: Path = TEMPLATE) -> Stack:
    """Read the template."""
    template = yaml_parse(path.read_text(encoding="utf-8"))
    usual = template["Globals"]["Function"]["MemorySize"]
    return Stack(
        tuple(sorted((_function(*it, usual) for it in _of(template, _FUNCTION)), key=lambda it: it.folder)),
        tuple(sorted(name for name, _ in _of(template, _TABLE))),
    )


def _of(template: dict[str, Any], kind: str) -> list[tuple[str, dict[str, Any]]]:
    found = template["Resources"].items()
    return [(name, resource["Properties"]) for name, resource in found if resource["Type"] == kind]


def _function(name: str, properties: dict[str, Any], usual: int) -> Function:
    return Function(name, Path(properties["CodeUri"]).name, properties.get("MemorySize", usual))


def words(name: str) -> str:
    """``OneTimeTokensTable`` as people write it: one time tokens."""
    return " ".join(re.findall("[A-Z][a-z0-9]*", name.removesuffix("Table"))).lower()
