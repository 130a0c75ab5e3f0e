"""Responses of functions match docs/openapi.yaml: status, headers, content type, body and error code."""

import base64
import gzip
import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from accounts.web import responses, routes
from accounts.web.routes import Route
from scripts.openapi import schemas
from scripts.openapi.document import document

_ROOT = "urn:openapi"
# On every response, or on every response that other origins may read.
_EVERYWHERE = {*responses.SECURITY_HEADERS, *responses.CORS_HEADERS, "content-type", "x-request-id", "vary"}
# These names in the document make a header mandatory where its response is documented with it.
_WAIT = {429: "retry-after", 503: "retry-after", 303: "location", 405: "allow"}
_SERVED = {route.function for route in routes.ROUTES}
# Requests without a route are in no document: their refusals have the common form.
_WITHOUT_ROUTE: dict[str, Any] = {
    "204": {"headers": {"access-control-allow-methods": {}}},
    "303": {"headers": {"location": {}, "cache-control": {}}},
    **{
        str(status): {
            "headers": {"allow": {}, "Retry-After": {}, "content-language": {}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}, "text/html": {}},
        }
        for status in (400, 403, 404, 405, 500, 503)
    },
}


def check(function: str, event: dict[str, Any], result: dict[str, Any]) -> None:
    """Assert that the document has this response of the function's route; add it to scripts/openapi/ otherwise."""
    if function not in _SERVED or "statusCode" not in result:
        return
    route = _route(function, event)
    documented, status = _documented(route), str(result["statusCode"])
    name = f"{route.method} {route.path}"
    assert status in documented, f"{name}: status {status} is not documented: {result['body'][:200]}"
    problems = [*_headers(documented[status], result), *_body(documented[status], event, result)]
    assert problems == [], f"{name} {status}: {problems}"


def _route(function: str, event: dict[str, Any]) -> Route:
    """The route as the endpoint finds it, by its key; of a page, by its path."""
    served = tuple(it for it in routes.ROUTES if it.function == function)
    if function == "pages":
        return next((it for it in routes.at(event["rawPath"]) if it in served), routes.FALLBACK)
    return routes.named(event.get("routeKey", ""), served)


def _headers(documented: dict[str, Any], result: dict[str, Any]) -> list[str]:
    named = {name.lower() for name in documented.get("headers", {})}
    sent = {name for name in result["headers"] if name not in _EVERYWHERE} | (
        {"set-cookie"} if result.get("cookies") else set()
    )
    needed = {"x-request-id", _WAIT.get(result["statusCode"], "x-request-id")}
    return [f"header {it} is not documented" for it in sent - named] + [
        f"header {it} is missing" for it in needed - result["headers"].keys()
    ]


def _body(documented: dict[str, Any], event: dict[str, Any], result: dict[str, Any]) -> list[str]:
    method = event.get("requestContext", {}).get("http", {}).get("method")
    body, content = result["body"], documented.get("content", {})
    if method == "HEAD":
        return ["HEAD has a body"] if body else []
    if not content or not body:
        return [] if not content and not body else [f"body {body[:80]!r}, documented: {list(content)}"]
    if result.get("isBase64Encoded"):
        body = gzip.decompress(base64.b64decode(body, validate=True)).decode()
    media = result["headers"]["content-type"].partition(";")[0]
    if media not in content:
        return [f"content type {media} is not documented"]
    if media != "application/json":
        return []
    return [error.message for error in _validator(json.dumps(content[media]["schema"])).iter_errors(json.loads(body))]


def _documented(route: Route) -> dict[str, Any]:
    if route == routes.FALLBACK:
        return _WITHOUT_ROUTE
    found: dict[str, Any] = _closed()["paths"][route.path][route.method.lower()]["responses"]
    return {status: _resolved(it) for status, it in found.items()}


def _resolved(response: dict[str, Any]) -> dict[str, Any]:
    name = response.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = _closed()["components"]["responses"][name] if name else response
    return found


@cache
def _closed() -> dict[str, Any]:
    """The document, strict: without fields that it does not list, and without refusals by API Gateway."""
    found = document()
    found["components"]["schemas"] = schemas.closed(found["components"]["schemas"]) | {"GatewayRefusal": False}
    return found


@cache
def _validator(schema: str) -> Draft202012Validator:
    registry = Registry().with_resource(_ROOT, Resource.from_contents(_closed(), default_specification=DRAFT202012))
    text = schema.replace('"#/', f'"{_ROOT}#/')
    return Draft202012Validator(json.loads(text), registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER)
