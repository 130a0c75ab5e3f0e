"""The parts of docs/api.md that the document and the routes say: routes, their bodies, and errors."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from accounts import errors
from accounts.flows.people.authentication import ACCESS_TOKEN, ADMIN_SECRET, API_KEY, SESSION
from accounts.web import responses
from scripts import generated
from scripts.openapi import refusals
from scripts.openapi.document import OPERATIONS
from scripts.openapi.operation import FORM, JSON, Operation
from scripts.openapi.pages import PAGES
from scripts.stacks import PROJECT

REFERENCE = PROJECT / "docs" / "api.md"
_COMMAND = "make docs"
_ROUTES, _DETAILS, _ERRORS = (generated.markers(f"{_COMMAND}: {part}") for part in ("routes", "details", "errors"))
_CREDENTIALS = {SESSION: "session", ACCESS_TOKEN: "access token", API_KEY: "API key", ADMIN_SECRET: "admin secret"}
_FOR_CLIENTS = tuple(it for it in OPERATIONS if it not in PAGES)


def written(reference: str, document: Mapping[str, Any]) -> str:
    """Return the reference with new parts between their markers; raises ValueError if one is missing."""
    missing = "docs/api.md has no part"
    reference = generated.replaced(reference, _ROUTES, _routes(), missing=missing)
    reference = generated.replaced(reference, _DETAILS, _details(document), missing=missing)
    return generated.replaced(reference, _ERRORS, _errors(), missing=missing)


def _routes() -> str:
    rows = "\n".join(f"| `{_name(it)}` | {it.summary} | {_credential(it)} |" for it in _FOR_CLIENTS)
    return f"| route | does | credential |\n|---|---|---|\n{rows}\n"


def _name(operation: Operation) -> str:
    query = "&".join(f"{it.name}=" for it in operation.query)
    return f"{operation.route.method} {operation.route.path}{f'?{query}' if query else ''}"


def _credential(operation: Operation) -> str:
    """One for all: `fresh session`, `session, access token or API key`, `session, optional`."""
    route = operation.route
    kinds = [name for kind, name in _CREDENTIALS.items() if kind in route.credentials]
    if not kinds:
        return operation.credential
    *others, last = kinds
    accepted = f"{', '.join(others)} or {last}" if others else last
    also = f", {operation.credential}" if operation.credential != "none" else ""
    return f"{'fresh ' if route.fresh else ''}{accepted}{', optional' if route.optional else ''}{also}"


def _details(document: Mapping[str, Any]) -> str:
    return "\n".join(_detail(it, document) for it in _FOR_CLIENTS)


def _detail(operation: Operation, document: Mapping[str, Any]) -> str:
    found = document["paths"][operation.route.path][operation.route.method.lower()]
    lines = [f"**`{operation.route.method} {operation.route.path}`**", ""]
    lines += [f"- Query: {', '.join(_parameter(it.name, required=it.required) for it in operation.query)}."] * bool(
        operation.query
    )
    lines += [f"- Body: {_body(found['requestBody'], document)}."] if "requestBody" in found else []
    lines += [
        f"- {it.status}: {it.description}{_fields(found['responses'][str(it.status)], document)}"
        for it in operation.answers
    ]
    lines += [f"- Errors: {', '.join(_codes(operation))}.", ""]
    return "\n".join(lines)


def _parameter(name: str, *, required: bool) -> str:
    return f"`{name}`" if required else f"`{name}?`"


def _body(body: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    ((media, found),) = body["content"].items()
    kinds = " or ".join(_listed(it, document) for it in _named(found["schema"]))
    many = "an array, of each " if "items" in found["schema"] else ""
    return f"{kinds}, as a form" if media == FORM else f"{many}{kinds}"


def _fields(answer: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    schema = answer.get("content", {}).get(JSON, {}).get("schema", {})
    kinds = " or ".join(filter(None, (_listed(it, document) for it in _named(schema))))
    return f" {kinds}." if kinds else ""


def _named(schema: Mapping[str, Any]) -> list[str]:
    schema = schema.get("items", schema)
    return [it["$ref"].rpartition("/")[2] for it in schema.get("anyOf", [schema]) if "$ref" in it]


def _listed(name: str, document: Mapping[str, Any]) -> str:
    schema = document["components"]["schemas"][name]
    required = schema.get("required", [])
    return ", ".join(_parameter(it, required=it in required) for it in schema["properties"])


def _codes(operation: Operation) -> Iterator[str]:
    """Those that not every route answers."""
    everywhere = (errors.AccountsError, errors.Unavailable, errors.Forbidden)
    return iter(dict.fromkeys(f"`{_code(operation, it)}`" for it in refusals.of(operation) if it not in everywhere))


def _code(operation: Operation, kind: type[errors.AccountsError]) -> str:
    return str(json.loads(refusals.response(operation, kind).body)["error"])


def _errors() -> str:
    rows = "\n".join(
        f"| `{kind.code}` | {responses.status_of(refusals.example(kind))} | {when} |"
        for kind, when in refusals.WHEN.items()
    )
    return f"| code | status | when |\n|---|---|---|\n{rows}\n"
