"""Requests that no other route answers: preflights, unknown methods, unknown paths."""

import pytest

from accounts.errors import MethodNotAllowed, NotFound
from accounts.web import preflights
from accounts.web.responses import CORS_HEADERS, Response
from tests.unit.accounts.web.events import request


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/customers", "POST"),
        ("/customers/me", "DELETE, GET, HEAD, PATCH"),
        ("/customers/api-keys", "GET, HEAD, POST"),
        ("/customers/api-keys/1", "DELETE, PATCH"),
    ],
)
def test_a_preflight_is_answered_where_other_origins_may_read(path: str, methods: str) -> None:
    """For any origin, without credentials (WB-04)."""
    answer = preflights.answer(request("OPTIONS", path, headers={"origin": "http://127.0.0.1:8188"}))

    assert answer == Response(204, headers={**CORS_HEADERS, "access-control-allow-methods": methods})


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("OPTIONS", "/auth/login", ("POST",)),
        ("OPTIONS", "/auth/session", ("GET", "HEAD")),
        ("OPTIONS", "/", ("GET", "HEAD")),
        ("GET", "/auth/login", ("POST",)),
        ("PUT", "/customers/me", ("DELETE", "GET", "HEAD", "PATCH")),
        ("TRACE", "/customers/api-keys", ("GET", "HEAD", "POST")),
        ("HEAD", "/auth/login", ("POST",)),
        ("POST", "/", ("GET", "HEAD")),
    ],
)
def test_another_method_is_refused_with_the_allowed_ones(method: str, path: str, allowed: tuple[str, ...]) -> None:
    """405 with ``Allow``; cookie routes offer no preflight (WB-03)."""
    with pytest.raises(MethodNotAllowed) as refusal:
        preflights.answer(request(method, path))

    assert refusal.value.allowed == allowed


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", ""])
@pytest.mark.parametrize("path", ["", "/nothing", "/customers/", "/auth", "/customers/api-keys/1/2", "/../etc/passwd"])
def test_an_unknown_path_is_not_found(method: str, path: str) -> None:
    """Whatever the method."""
    with pytest.raises(NotFound):
        preflights.answer(request(method, path))


def test_other_origins_can_read_that_a_path_does_not_exist() -> None:
    """Also with headers that need a preflight; a refusal of another kind stays unreadable (WB-04)."""
    asked = {"origin": "http://127.0.0.1:8188", "access-control-request-method": "GET"}
    preflight = preflights.answer(request("OPTIONS", "/.well-known/nothing", headers=asked))
    missing = preflights.refused(NotFound())

    assert preflight == Response(204, headers={**CORS_HEADERS, "access-control-allow-methods": "*"})
    assert (missing.status, missing.headers) == (404, CORS_HEADERS)
    assert preflights.refused(MethodNotAllowed(("POST",))).headers == {"allow": "POST"}


@pytest.mark.parametrize(
    ("method", "path", "readable"),
    [("POST", "/api/workspaces", True), ("PUT", "/oauth/token", True), ("GET", "/auth/login", False)],
)
def test_other_origins_can_read_that_a_route_has_no_such_method(method: str, path: str, *, readable: bool) -> None:
    """Where they can call its other methods (WB-04)."""
    with pytest.raises(MethodNotAllowed) as refusal:
        preflights.answer(request(method, path))
    headers = preflights.refused(refusal.value).headers

    assert headers == {"allow": headers["allow"], **(CORS_HEADERS if readable else {})}


def test_a_method_override_changes_nothing() -> None:
    """``X-HTTP-Method-Override`` and the like are ignored (WB-03)."""
    headers = {"x-http-method-override": "POST", "x-method-override": "POST"}
    with pytest.raises(MethodNotAllowed):
        preflights.answer(request("GET", "/auth/login", headers=headers))
