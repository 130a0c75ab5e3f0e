"""The OpenAPI document: current, valid, complete, and true to its own examples."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from accounts import errors
from accounts.web import routes
from scripts.openapi import refusals
from scripts.openapi.__main__ import OPENAPI, SERVED, files
from scripts.openapi.document import OPERATIONS, document
from tests.guards.project import relative

FILES = files()
DOCUMENT = document()
# No route answers them: base classes, what stops a function at start, what a request without a route gets, and what
# only the redirect to a client says.
_WITHOUT_OPERATION = {
    errors.NotPossibleNow,
    errors.ProviderLoginFailed,
    errors.ConfigurationError,
    errors.MethodNotAllowed,
    errors.UnsupportedResponseType,
    errors.LoginRequired,
    errors.ConsentRequired,
    errors.LoginNotStrongEnough,
}
_JSON = "application/json"


def test_the_written_documents_are_current() -> None:
    """Run `make docs`."""
    assert [relative(path) for path, text in FILES.items() if path.read_text(encoding="utf-8") != text] == []


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)


def test_the_document_has_every_route_and_no_other() -> None:
    """Add an operation to scripts/openapi/."""
    shown = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert shown == {(it.method, it.path) for it in routes.ROUTES if it is not routes.FALLBACK}
    assert len({it.id for it in OPERATIONS}) == len(OPERATIONS)


def test_the_document_has_every_error() -> None:
    """Add a new error to `WHEN` in scripts/openapi/refusals.py, and to the operations that answer it."""
    shown = {kind.code for it in OPERATIONS for kind in refusals.of(it)}
    assert shown == {kind.code for kind in _kinds() if kind not in _WITHOUT_OPERATION}


def _kinds(kind: type[errors.AccountsError] = errors.AccountsError) -> Iterator[type[errors.AccountsError]]:
    if kind.__module__ == errors.__name__:
        yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def _bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every JSON or form body that has fields, with its name."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            parts = {"request": operation.get("requestBody", {}), **operation["responses"]}
            for part, found in parts.items():
                for media, body in found.get("content", {}).items():
                    if media == _JSON or part == "request":
                        yield f"{method.upper()} {path} {part}", body


BODIES = {name: body for name, body in _bodies() if body["schema"]}


@pytest.mark.parametrize("name", BODIES)
def test_every_body_has_an_example_that_its_schema_accepts(name: str) -> None:
    """Requests have the sample in events/ or `example` in their operation; responses have examples.py."""
    schema = {**BODIES[name]["schema"], "components": DOCUMENT["components"]}
    assert "example" in BODIES[name]
    Draft202012Validator(schema).validate(BODIES[name]["example"])


REFUSALS = {
    name: body
    for name, found in DOCUMENT["components"]["responses"].items()
    for media, body in found["content"].items()
    if media == _JSON and "examples" in body
}


@pytest.mark.parametrize("name", REFUSALS)
def test_every_refusal_has_an_example_of_each_code_that_its_schema_accepts(name: str) -> None:
    schema = {**REFUSALS[name]["schema"], "components": DOCUMENT["components"]}
    for code, reference in REFUSALS[name]["examples"].items():
        shown = DOCUMENT["components"]["examples"][reference["$ref"].rpartition("/")[2]]["value"]
        assert shown["error"] == code
        Draft202012Validator(schema).validate(shown)


def test_the_service_serves_the_document_that_people_read() -> None:
    are_same = json.loads(FILES[SERVED]) == yaml.safe_load(FILES[OPENAPI]) == DOCUMENT
    assert are_same
