"""The list of routes: each with a function, a rule for credentials, a limiter and an event."""

import pytest

from accounts.web import routes
from accounts.web.routes import ROUTES, Route


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/", {"GET /"}),
        ("/auth/login", {"POST /auth/login"}),
        ("/customers/api-keys", {"GET /customers/api-keys", "POST /customers/api-keys"}),
        ("/customers/api-keys/1", {"PATCH /customers/api-keys/{id}", "DELETE /customers/api-keys/{id}"}),
        ("/customers/me", {"GET /customers/me", "PATCH /customers/me", "DELETE /customers/me"}),
        ("/assets/1f/site.css", {"GET /assets/{version}/{name}"}),
        ("/verify-email", {"GET /verify-email"}),
        ("/auth/sessions/revoke-all", {"POST /auth/sessions/revoke-all"}),
        ("/auth/identities/confirm", {"POST /auth/identities/confirm"}),
        ("/auth/identities/1f", {"DELETE /auth/identities/{id}"}),
        ("", set()),
        ("/nothing", set()),
        ("/auth/login/", set()),
        ("//auth/login", set()),
        ("/AUTH/LOGIN", set()),
        ("/customers/api-keys/", set()),
        ("/customers/api-keys/1/2", set()),
        ("/assets/", set()),
        ("/assets/site.css", set()),
    ],
)
def test_a_path_finds_its_routes(path: str, found: set[str]) -> None:
    """For any method, by exact path; no session has the id ``revoke-all``, and no identity ``confirm``."""
    assert {f"{route.method} {route.path}" for route in routes.at(path)} == found


def test_no_two_routes_have_one_method_and_path() -> None:
    keys = [(route.method, route.path) for route in ROUTES]

    assert len(set(keys)) == len(keys)


def test_every_route_names_its_function_and_its_event() -> None:
    assert [route for route in ROUTES if not (route.function and route.event)] == []


def test_every_route_that_checks_a_secret_has_a_limiter_of_its_own() -> None:
    """The gateway's throttle is enough only where guessing gains nothing (TH-06)."""
    guessable = {"login", "email_verify", "key_verify", "account_open", "account_show", "workspace_show", "signup"}
    guessable |= {"email_resend"}

    assert {route.function for route in ROUTES if not route.limiters} & guessable == set()


def test_routes_that_change_something_use_unsafe_methods() -> None:
    """A GET never changes anything (WB-03)."""
    methods = {route.method: route.is_unsafe for route in ROUTES}

    assert {method: methods[method] for method in ("GET", "POST", "DELETE")} == {
        "GET": False,
        "POST": True,
        "DELETE": True,
    }
    assert not Route("HEAD", "/", "f", routes.NO_CREDENTIAL, (), "e").is_unsafe


def test_only_sessions_manage_the_account() -> None:
    """A key shows the account and can do nothing else (AK-05)."""
    with_key = {f"{route.method} {route.path}" for route in ROUTES if route.credentials >= routes.ANY_CREDENTIAL}

    workspace = {"GET /api/workspaces", "GET /api/workspaces/current", "GET /api/workspace/members"}
    assert with_key == {"POST /customers", "GET /customers/me"} | workspace


def test_cookie_routes_under_auth_offer_no_cors() -> None:
    """Other origins may read only what needs header credentials (WB-04)."""
    assert [route.path for route in ROUTES if route.cors and route.path.startswith("/auth/") and route.cookies] == []
    assert all(route.cors for route in ROUTES if route.path.startswith("/customers"))
