"""Which functions a rule is about, read from the list of routes, so that a new route is tested by being listed."""

import json
import re
from typing import Any

from accounts.web import schemas
from accounts.web.routes import ANY_CREDENTIAL, LOGGED_IN, ROUTES, SESSION_ONLY, Route
from tests.cloudformation import ROOT
from tests.functions.requests import EVENTS, sample

# Invoked by operators, directly.
OPERATORS = (
    "operator_account_inspect",
    "operator_account_disable",
    "operator_account_enable",
    "operator_account_delete",
    "operator_account_logout",
    "operator_account_unlock",
    "operator_key_revoke",
    "operator_password_revoke",
)
# A function without a sample fails a test of its own, in test_replays; no rule can be tried on it.
# Those of Google and GitHub need more than a person: the same rules are tried on them in test_oauth_rules.
OAUTH = frozenset(
    {
        "login_methods",
        "oauth_start",
        "oauth_callback",
        "identity_list",
        "identity_unlink",
        "identity_confirm",
        "password_set",
    }
)
# Clients and what they ask for have rules of RFC 6749's own, in test_client_sign_in.
CLIENTS = frozenset({"client_authorize", "client_token", "client_revoke", "device_authorize"})
_SAMPLED = frozenset(path.stem for path in EVENTS.glob("*.json")) - {"pages", "fallback"} - OAUTH - CLIENTS
OURS: tuple[Route, ...] = tuple(route for route in ROUTES if route.function in _SAMPLED)
FUNCTIONS = tuple(sorted({route.function for route in OURS}))
# Their samples have a body: the others read none.
WITH_BODY = tuple(name for name in FUNCTIONS if "body" in sample(name))
# Unsafe and reading or setting the cookie: they must be called from our own pages.
UNSAFE_WITH_COOKIE = tuple(route.function for route in OURS if route.cookies and route.is_unsafe)
# Logging out is always possible: it refuses no credential, it ends what there is.
_LOGGED_IN = (SESSION_ONLY, LOGGED_IN)
SESSION_ROUTES = tuple(r.function for r in OURS if r.credentials in _LOGGED_IN and r.function != "logout")
ANY_ROUTES = tuple(r.function for r in OURS if r.credentials == ANY_CREDENTIAL)
READABLE = frozenset(route.function for route in OURS if route.cors)


def taking(field: str) -> tuple[str, ...]:
    """The functions that read a body with this field, as their handlers and the schemas say."""
    texts = {path.parent.name: path.read_text(encoding="utf-8") for path in (ROOT / "functions").glob("*/handler.py")}
    read = {name: re.findall(r"\bschemas\.(\w+)", text) for name, text in texts.items()}
    return tuple(sorted(name for name, kinds in read.items() if any(field in _fields(kind) for kind in kinds)))


def _fields(kind: str) -> tuple[str, ...]:
    fields: tuple[str, ...] = getattr(schemas, kind).__struct_fields__
    return fields


def body_of(function: str) -> dict[str, Any]:
    """The sample's body."""
    body: dict[str, Any] = json.loads(sample(function)["body"])
    return body
