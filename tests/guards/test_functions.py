"""Each function has one name, in its folder, the template, its sample event and its tests. Each route is guarded."""

import json

from accounts.web import routes
from accounts.web.routes import ADMIN_ONLY, ANY_CREDENTIAL, LOGGED_IN, NO_CREDENTIAL, ROUTES, SESSION_ONLY, Route
from tests.cloudformation import ROOT, resources
from tests.functions.inventory import OPERATORS
from tests.guards import project

# Invoked by other HTTP APIs, other functions, operators, a schedule, the queue and the topic.
_WITHOUT_ROUTE = {"authorizer", "client_document", "key_expire", "mailer", "mail_feedback", *OPERATORS}


def test_every_folder_is_a_function_and_every_function_a_folder() -> None:
    assert sorted(function["CodeUri"] for function in resources(project.FUNCTION).values()) == [
        f"functions/{folder}" for folder in project.FOLDERS
    ]


def test_a_function_is_named_after_its_folder() -> None:
    """``functions/key_list`` is ``KeyListFunction``."""
    called = {own["CodeUri"].removeprefix("functions/"): name for name, own in resources(project.FUNCTION).items()}
    assert called == {
        folder: "".join(word.capitalize() for word in folder.split("_")) + "Function" for folder in project.FOLDERS
    }


def test_a_folder_holds_its_handler_and_nothing_else() -> None:
    """Code that functions share belongs in the domain."""
    held = {folder: _files(folder) for folder in project.FOLDERS}
    assert held == {folder: ["handler.py"] for folder in project.FOLDERS}


def test_every_function_has_a_sample_event() -> None:
    """`make invoke` and the replaying tests use it."""
    assert sorted(path.name for path in (ROOT / "events").iterdir()) == [f"{name}.json" for name in project.FOLDERS]


def test_every_sample_is_a_request_to_its_own_function() -> None:
    samples = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "events").glob("*.json")}
    sent = {(event["routeKey"], name) for name, event in samples.items() if "routeKey" in event}
    answered = {(key if r.path != "$default" else r.path, r.function) for r in ROUTES for key in r.keys}
    assert {(key, name) for key, name in sent if name != "authorizer"} - answered == set()


def test_every_function_is_tested() -> None:
    """By name, in tests/functions or tests/local."""
    places = [path for folder in ("functions", "local") for path in (ROOT / "tests" / folder).glob("test_*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in places)
    assert [name for name in project.FOLDERS if f'"{name}"' not in text] == []


def test_the_template_has_exactly_the_listed_routes() -> None:
    assert project.routes() == {(method, it.path, it.function) for it in ROUTES for method in it.methods}


def test_every_defined_route_is_listed() -> None:
    """A route that is defined but not listed would not be tested."""
    defined = {value for value in vars(routes).values() if isinstance(value, Route)}
    assert defined - {routes.AUTHORIZE} == set(ROUTES)


def test_no_two_routes_answer_the_same_request() -> None:
    answered = [(route.method, route.path) for route in ROUTES]
    assert len(answered) == len(set(answered))


def test_functions_without_a_route_are_listed() -> None:
    assert set(project.FOLDERS) - {route.function for route in ROUTES} == _WITHOUT_ROUTE


def test_every_route_says_which_credentials_it_accepts() -> None:
    """One of five sets. Only one route accepts the admin secret."""
    kinds = (NO_CREDENTIAL, SESSION_ONLY, LOGGED_IN, ANY_CREDENTIAL, ADMIN_ONLY)
    assert [route for route in ROUTES if route.credentials not in kinds] == []
    assert [route.path for route in ROUTES if route.credentials == ADMIN_ONLY] == ["/admin/verify-api-key"]


def test_every_route_has_a_name_in_the_log() -> None:
    assert [route for route in ROUTES if not route.event.islower()] == []


def test_a_route_that_takes_a_session_says_that_it_reads_the_cookie() -> None:
    """Without ``cookies``, the endpoint would not check the origin of unsafe methods."""
    assert [route for route in ROUTES if "session" in route.credentials and not route.cookies] == []


def test_an_unsafe_route_for_people_is_protected_from_other_sites() -> None:
    unmarked = {route.path for route in ROUTES if route.is_unsafe and not route.cookies}
    assert unmarked == {
        "/admin/verify-api-key",
        "/reports/leaked-keys",
        "/oauth/token",
        "/oauth/revoke",
        "/oauth/device_authorization",
        "$default",
    }


def test_a_route_that_sets_the_cookie_is_not_open_to_other_origins() -> None:
    """Another site must not be able to log someone in, or to read the response."""
    opened = {route.path for route in ROUTES if route.cors and route.path.startswith("/auth")}
    assert opened == {"/auth/methods"}


def _files(folder: str) -> list[str]:
    paths = (ROOT / "functions" / folder).rglob("*")
    return sorted(path.name for path in paths if path.is_file() and "__pycache__" not in path.parts)
