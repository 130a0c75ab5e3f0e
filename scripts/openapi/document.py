"""The OpenAPI document (3.1)."""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from itertools import groupby
from typing import Any

from msgspec import Struct

from accounts import limits
from accounts.flows.people.authentication import ACCESS_TOKEN, ADMIN_SECRET, API_KEY, SESSION, CredentialKind
from accounts.web import oauth_server, responses
from scripts.openapi import examples, refusals, schemas
from scripts.openapi.operation import FORM, HTML, JSON, Answer, Operation
from scripts.openapi.pages import PAGES
from scripts.openapi.people import PEOPLE
from scripts.openapi.programs import PROGRAMS
from scripts.openapi.schemas import Schema
from scripts.stacks import PROJECT

OPERATIONS = (*PEOPLE, *PROGRAMS, *PAGES)
VERSION = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
_TEXT: Schema = {"type": "string"}
_SECURITY: Mapping[CredentialKind, str] = {
    SESSION: "session",
    ACCESS_TOKEN: "accessToken",
    API_KEY: "apiKey",
    ADMIN_SECRET: "adminSecret",
}
_SCHEMES = {
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session", "description": "A logged-in browser."},
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A program that the owner allowed. `Authorization: Bearer` also accepts an API key.",
    },
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-KEY", "description": "A machine."},
    "adminSecret": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Comfy-Admin-Secret",
        "description": "Another service of the deployment.",
    },
}
_HEADERS: Mapping[str, tuple[str, Schema]] = {
    "x-request-id": ("Include it when you contact support.", _TEXT),
    "Retry-After": ("Seconds to wait.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": ("Which credential is missing or not valid.", _TEXT),
    "Location": ("Where to go.", _TEXT),
    "Set-Cookie": ("The session and what identifies the browser.", _TEXT),
    "Clear-Site-Data": ("What the browser deletes.", _TEXT),
    "Cache-Control": ("How long the response may be kept.", _TEXT),
    "ETag": ("The version and its encoding, for `If-None-Match`.", _TEXT),
    "Content-Encoding": ("`gzip`, for a caller that accepts it.", _TEXT),
    "Content-Disposition": ("The file's name.", _TEXT),
    "Content-Language": ("The page's language.", _TEXT),
}
_PATH_PARAMETERS: Mapping[str, tuple[str, Schema]] = {
    "provider": ("The provider.", {"type": "string", "enum": ["google", "github"]}),
    "id": ("The id, as the list returns it.", {"type": "string", "minLength": 1}),
    "version": ("The version that pages name.", {"type": "string", "minLength": 1}),
    "name": ("The file.", {"type": "string", "minLength": 1}),
}
_GATEWAY: Schema = {
    "title": "GatewayRefusal",
    "description": "API Gateway refused the request itself. There is no `x-request-id`.",
    "type": "object",
    "properties": {"message": _TEXT},
    "required": ["message"],
}


def document() -> dict[str, Any]:
    """The whole document, for every deployment: the address of the API is the document's own."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.route.path, {})[operation.route.method.lower()] = _operation(operation)
    shared = _share_refusals(it for methods in paths.values() for it in methods.values())
    whole = {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(it.tag for it in OPERATIONS)],
        "paths": paths,
        "components": {
            "securitySchemes": _SCHEMES,
            "headers": _header_components(),
            "responses": shared,
            "schemas": _schemas(),
            "examples": _examples(),
        },
    }
    # As programs read it: tuples become lists, and no part is shared, which YAML would write as an alias.
    found: dict[str, Any] = json.loads(json.dumps(whole))
    return found


_INFO = {
    "title": "Comfy accounts",
    "version": VERSION,
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "description": (
        f"A person's account for ComfyUI and Comfy Cloud. Bodies have at most {limits.BODY_MAX_BYTES // 1024} KiB. "
        "Unknown and repeated fields are refused. Every GET route answers HEAD. Error codes are stable. A header takes "
        "precedence over the cookie, and `X-API-KEY` over `Authorization`. Routes that only a cookie opens accept "
        "unsafe methods from the site's own pages alone."
    ),
}


def _operation(operation: Operation) -> dict[str, Any]:
    route, parameters = operation.route, _parameters(operation)
    request = _request(operation)
    return {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        **({"description": operation.description} if operation.description else {}),
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": request} if request else {}),
        "security": [{_SECURITY[it]: []} for it in _SECURITY if it in route.credentials]
        + ([{}] if route.optional else []),
        "responses": {**_answers(operation), **_refusals(operation)},
    }


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [_parameter("path", name, *_PATH_PARAMETERS[name], required=True) for name in _names(operation.route.path)]
    found += [
        _parameter(
            "query",
            it.name,
            it.description,
            {**_TEXT, "examples": [it.example]} if it.example else _TEXT,
            required=it.required,
        )
        for it in operation.query
    ]
    if operation.route.cookies and operation.route.is_unsafe and not operation.route.cors:
        found.append(
            _parameter("header", "Origin", "The site's own address, which browsers send.", _TEXT, required=True)
        )
    if any("ETag" in it.headers for it in operation.answers):
        found.append(_parameter("header", "If-None-Match", "The ETag of a copy.", _TEXT, required=False))
    return found


def _names(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def _parameter(where: str, name: str, description: str, schema: Schema, *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "description": description, "schema": schema}


def _request(operation: Operation) -> dict[str, Any] | None:
    body = operation.form or operation.body
    if not body:
        return None
    shown = examples.request(operation)
    media = {"schema": schemas.schema_of(body, many=operation.many), **({"example": shown} if shown else {})}
    return {"required": True, "content": {FORM if operation.form else JSON: media}}


def _answers(operation: Operation) -> dict[str, Any]:
    return {str(it.status): _answer(it) for it in operation.answers}


def _answer(answer: Answer) -> dict[str, Any]:
    content = {media: _media(answer, media) for media in answer.media}
    return {
        "description": answer.description,
        "headers": _headers("x-request-id", *answer.headers),
        **({"content": content} if content else {}),
    }


def _media(answer: Answer, media: str) -> dict[str, Any]:
    if media != JSON:
        return {"schema": _TEXT}
    shown = examples.response(answer)
    return {
        "schema": schemas.schema_of(answer.body, many=answer.many),
        **({"example": shown} if shown is not None else {}),
    }


def _refusals(operation: Operation) -> dict[str, Any]:
    """The errors by status."""
    answered = [(refusals.response(operation, kind), kind) for kind in refusals.of(operation)]
    by_status = groupby(sorted(answered, key=lambda it: it[0].status), key=lambda it: it[0].status)
    found = {status: list(group) for status, group in by_status}
    for status in refusals.BY_GATEWAY - found.keys():
        found[status] = []
    return {str(status): _refusal(operation, status, found[status]) for status in sorted(found)}


def _refusal(operation: Operation, status: int, group: list[Any]) -> dict[str, Any]:
    by_code = {json.loads(response.body)["error"]: (response, kind) for response, kind in group}
    when = [f"- `{code}`: {refusals.WHEN[kind]}" for code, (_, kind) in by_code.items()]
    names = {_spelled(name) for response, _ in group for name in response.headers}
    names |= {"Set-Cookie" for response, _ in group if response.cookies}
    is_page, by_gateway = operation.route.page, status in refusals.BY_GATEWAY
    content = {HTML: {"schema": _TEXT}} if is_page else {}
    if not is_page and by_code:
        content[JSON] = {
            "schema": _refused_schema(operation, list(by_code), by_gateway=by_gateway),
            "examples": {code: {"$ref": f"#/components/examples/{_example_name(operation, code)}"} for code in by_code},
        }
    elif by_gateway:
        content[JSON] = {"schema": _reference("GatewayRefusal")}
    return {
        "description": "\n".join(when) or HTTPStatus(status).phrase,
        "headers": _headers(*(() if by_gateway else ("x-request-id",)), *sorted(names)),
        "content": content,
    }


# The refusals that say more than what to do.
_OWN_REFUSALS = {
    "proof_required": "ProofRefusal",
    "second_factor_required": "FactorRefusal",
    "email_code_required": "EmailCodeRefusal",
}


def _refused_schema(operation: Operation, codes: Iterable[str], *, by_gateway: bool) -> Schema:
    known = "ClientRefusal" if refusals.is_oauth(operation) else "Refusal"
    own = [_of_codes(known, [it for it in codes if it not in _OWN_REFUSALS])]
    own += [_of_codes(name, [code]) for code, name in _OWN_REFUSALS.items() if code in codes]
    both = [it for it in own if it] + ([_reference("GatewayRefusal")] if by_gateway else [])
    return both[0] if len(both) == 1 else {"anyOf": both}


def _of_codes(name: str, codes: list[str]) -> Schema:
    return {"allOf": [_reference(name), {"properties": {"error": {"enum": codes}}}]} if codes else {}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _spelled(name: str) -> str:
    return next(it for it in _HEADERS if it.lower() == name)


def _header_components() -> dict[str, Any]:
    return {name: {"description": text, "schema": schema} for name, (text, schema) in _HEADERS.items()}


def _schemas() -> dict[str, Schema]:
    refused: dict[str, type[Struct]] = {
        "Refusal": responses.Refusal,
        "ProofRefusal": responses.ProofRefusal,
        "FactorRefusal": responses.FactorRefusal,
        "EmailCodeRefusal": responses.EmailCodeRefusal,
        "ClientRefusal": oauth_server.Refused,
    }
    named = {name: schemas.of(kind) for name, kind in refused.items()}
    return {**schemas.components(OPERATIONS), **named, "GatewayRefusal": _GATEWAY}


def _example_name(operation: Operation, code: str) -> str:
    return f"oauth_{code}" if refusals.is_oauth(operation) else code


def _examples() -> dict[str, Any]:
    """Each refusal once."""
    return {
        _example_name(operation, body["error"]): {"value": body}
        for operation in OPERATIONS
        if not operation.route.page
        for body in (json.loads(refusals.response(operation, kind).body) for kind in refusals.of(operation))
    }


def _share_refusals(operations: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Replace refusals by references to components, so that the document has each once; return the components."""
    shared: dict[str, Any] = {}
    for operation in operations:
        for status, answer in operation["responses"].items():
            if int(status) >= HTTPStatus.BAD_REQUEST:
                name = _response_name(status, answer)
                shared[name] = answer
                operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(shared.items()))


def _response_name(status: str, answer: dict[str, Any]) -> str:
    """A hash where the codes would make a long name."""
    kind = "page" if HTML in answer["content"] else "oauth" if "ClientRefusal" in str(answer) else "error"
    digest = hashlib.sha256(json.dumps(answer).encode()).hexdigest()[:6]
    return f"{kind}_{status}_{digest}"
