# ruff: noqa: INP001 - a script that the Makefile beside it calls
"""Make the installed packages small and quick to import: `trim.py <folder> <AWS service>...`.

Packages are compiled here, once, because a function cannot write to its layers. Sources are removed, because both
would exceed the size budget. Botocore ships descriptions of some 400 services, with documentation. A client parses
those of its service in every cold start, so they are cut to the operations that functions call and the endpoint rules
that these calls meet, without documentation. The rest is unchanged.
"""

from __future__ import annotations

import compileall
import gzip
import json
import py_compile
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

# What no function imports. Powertools' event handler contains a whole Swagger UI, and its parser requires pydantic.
# cryptography uses only the compiled part of cffi. The functions use only the server of fido2, without attestation, and
# no named time zones of dateutil.
SURPLUS = (
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/utilities/parser",
    "bin",
    "boto3/data",
    "boto3/examples",
    "cffi",
    "dateutil/zoneinfo",
    "fido2/attestation",
    "fido2/client",
    "fido2/ctap2",
    "fido2/hid",
    "pycparser",
)

# The operations that functions call, by service; of other services all are kept. A client has a method for each, and
# parses the shapes of all of them. A guard compares them with the policies of the template.
OPERATIONS = {
    "dynamodb": {"BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"},
    "kms": {"Decrypt", "Encrypt", "GetPublicKey", "Sign"},
    "lambda": {"Invoke"},
    "secretsmanager": {"GetSecretValue"},
    "sesv2": {"DeleteSuppressedDestination", "GetSuppressedDestination", "SendEmail"},
    "sqs": {"SendMessage"},
}

# Parameters that no call here sets: ``aws_session`` disables endpoints by account, and no operation here searches.
# Three quarters of DynamoDB's endpoint rules are about them.
UNSET = frozenset({"AccountIdEndpointMode", "IsSearchOperation"})


def trim(packages: Path, services: list[str]) -> None:
    """Trim everything in the folder that packages were installed into."""
    for folder in [found for found in packages.rglob("*") if found.name in {"tests", "__pycache__"} and found.is_dir()]:
        shutil.rmtree(folder, ignore_errors=True)
    for surplus in SURPLUS:
        shutil.rmtree(packages / surplus, ignore_errors=True)
    for record in packages.glob("*.dist-info/RECORD"):
        record.unlink()
    trim_botocore(packages / "botocore" / "data", services)
    compile_all(packages)


def compile_all(packages: Path) -> None:
    """Put bytecode in the place of every source. It is never checked against one, so the same pins build the same."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(
        packages, quiet=1, legacy=True, stripdir=packages, prependdir="/opt/python", invalidation_mode=mode
    ):
        sys.exit("Not every package could be compiled.")
    for source in packages.rglob("*.py"):
        source.unlink()


def trim_botocore(data: Path, services: list[str]) -> None:
    """Keep the newest description of each service, without prose, and the endpoints of these services alone."""
    for folder in [found for found in data.iterdir() if found.is_dir()]:
        if folder.name not in services:
            shutil.rmtree(folder)
    for service in services:
        *older, newest = sorted(path for path in (data / service).iterdir() if path.is_dir())
        for version in older:
            shutil.rmtree(version)
        for described in newest.iterdir():
            _shorten(described, service)
    endpoints, partitions = data / "endpoints.json", data / "partitions.json"
    _write(endpoints, _with_services(json.loads(endpoints.read_bytes()), services))
    _write(partitions, _without_names(json.loads(partitions.read_bytes())))


def _shorten(described: Path, service: str) -> None:
    """Rewrite one description without prose; uncompressed, for the layer is compressed as a whole."""
    if described.name.startswith("examples-"):
        described.unlink()
        return
    raw = described.read_bytes()
    packed = described.suffix == ".gz"
    described.unlink()
    described = described.with_suffix("") if packed else described
    content = without_prose(json.loads(gzip.decompress(raw) if packed else raw))
    if service in OPERATIONS and described.name == "service-2.json":
        content = with_operations(content, OPERATIONS[service])
    if described.name == "endpoint-rule-set-1.json":
        content = content | {"rules": without_parameters(content["rules"], UNSET)}
    _write(described, content)


def with_operations(model: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """The model of a service with these operations, and the shapes that they refer to."""
    operations = {name: it for name, it in model["operations"].items() if name in names}
    used: set[str] = set()
    found = _shapes(operations)
    while found:
        used |= found
        found = {shape for name in found for shape in _shapes(model["shapes"][name])} - used
    return model | {
        "operations": operations,
        "shapes": {name: it for name, it in model["shapes"].items() if name in used},
    }


def _shapes(node: Any) -> set[str]:  # noqa: ANN401 - any JSON
    """The names of the shapes that the node refers to."""
    if isinstance(node, list):
        return {shape for item in node for shape in _shapes(item)}
    if not isinstance(node, dict):
        return set()
    # A member can be called "shape", too: it is an object.
    own = {node["shape"]} if isinstance(node.get("shape"), str) else set()
    return own | {shape for item in node.values() for shape in _shapes(item)}


def without_parameters(rules: list[dict[str, Any]], unset: Collection[str]) -> list[dict[str, Any]]:
    """The endpoint rules that can apply while these parameters are not set."""
    needed = [{"fn": "isSet", "argv": [{"ref": name}]} for name in unset]
    return [
        rule | ({"rules": without_parameters(rule["rules"], unset)} if "rules" in rule else {})
        for rule in rules
        if not any(condition in needed for condition in rule["conditions"])
    ]


def without_prose(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same description without documentation. Prose is text: a member that is called so is an object, and stays."""
    if isinstance(node, dict):
        return {
            name: without_prose(value)
            for name, value in node.items()
            if not (name == "documentation" and isinstance(value, str))
        }
    return [without_prose(item) for item in node] if isinstance(node, list) else node


def _without_names(partitions: dict[str, Any]) -> dict[str, Any]:
    """Without the names of regions for people."""
    unnamed = [it | {"regions": {name: {} for name in it["regions"]}} for it in partitions["partitions"]]
    return partitions | {"partitions": unnamed}


def _with_services(endpoints: dict[str, Any], services: list[str]) -> dict[str, Any]:
    names = endpoint_names(services)
    partitions = [
        partition
        | {"services": {name: _with_regions(it) for name, it in partition["services"].items() if name in names}}
        for partition in _without_names(endpoints)["partitions"]
    ]
    return endpoints | {"partitions": partitions}


def _with_regions(service: dict[str, Any]) -> dict[str, Any]:
    """Without the regions that were once a way to ask for FIPS."""
    regions = {name: it for name, it in service["endpoints"].items() if not it.get("deprecated")}
    return service | {"endpoints": regions}


def endpoint_names(services: list[str]) -> set[str]:
    """What the services are called among the endpoints: SES v2 answers where its first version does."""
    return {*services, "email"}


def _write(path: Path, content: Any) -> None:  # noqa: ANN401 - any JSON
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    trim(Path(sys.argv[1]), sys.argv[2:])
