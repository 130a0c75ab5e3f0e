"""The functions that each rule applies to, read from the list of routes, so that a new route is tested too."""

import json
import re
from importlib import import_module
from typing import Any

from accounts.web.routes import ANY_CREDENTIAL, LOGGED_IN, ROUTES, SESSION_ONLY, Route
from scripts.sam_local.samples import EVENTS
from tests.cloudformation import ROOT
from tests.functions.requests import sample

# Operators invoke these directly.
OPERATORS = (
    "operator_account_inspect",
    "operator_account_disable",
    "operator_account_enable",
    "operator_account_delete",
    "operator_account_logout",
    "operator_account_unlock",
    "operator_factor_reset",
    "operator_key_revoke",
    "operator_password_revoke",
)
# A function without a sample fails in test_replays; the rules need a sample.
# Samples of Google and GitHub routes need more than a person: test_oauth_rules applies the same rules to them.
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
# RFC 6749 has its own rules for clients' requests, in test_client_login.
CLIENTS = frozenset({"client_authorize", "client_token", "client_revoke", "device_authorize"})
# Samples of passkeys need an authenticator: test_passkeys applies the same rules to them.
PASSKEYS = frozenset({"passkey_rename", "passkey_remove", "password_remove"})
# Samples of the second factor need one: test_second_factor applies the same rules to them.
FACTORS = frozenset({"factor_login", "factor_change"})
# Nothing but a signed body reaches the rules: test_leak_reports has its own.
SIGNED = frozenset({"key_report"})
_ELSEWHERE = {"pages", "fallback"} | OAUTH | CLIENTS | PASSKEYS | FACTORS | SIGNED
_SAMPLED = frozenset(path.stem for path in EVENTS.glob("*.json")) - _ELSEWHERE
TESTED_ROUTES: tuple[Route, ...] = tuple(route for route in ROUTES if route.function in _SAMPLED)
FUNCTIONS = tuple(sorted({route.function for route in TESTED_ROUTES}))
# The other functions read no body.
WITH_BODY = tuple(name for name in FUNCTIONS if "body" in sample(name))
# Unsafe methods that read or set the cookie: only the service's own pages may call them.
UNSAFE_WITH_COOKIE = tuple(dict.fromkeys(r.function for r in TESTED_ROUTES if r.cookies and r.is_unsafe))
# Logout refuses no credential: it ends whatever session there is.
_LOGGED_IN = (SESSION_ONLY, LOGGED_IN)
SESSION_ROUTES = tuple(
    dict.fromkeys(r.function for r in TESTED_ROUTES if r.credentials in _LOGGED_IN and r.function != "logout")
)
ANY_ROUTES = tuple(dict.fromkeys(r.function for r in TESTED_ROUTES if r.credentials == ANY_CREDENTIAL))
READABLE = frozenset(route.function for route in TESTED_ROUTES if route.cors)


def taking(field: str) -> tuple[str, ...]:
    """The functions whose body has this field, from their handlers and the schemas."""
    texts = {path.parent.name: path.read_text(encoding="utf-8") for path in (ROOT / "functions").glob("*/handler.py")}
    read = {name: re.findall(r"\b(\w*schemas)\.(\w+)", text) for name, text in texts.items()}
    return tuple(sorted(name for name, kinds in read.items() if any(field in _fields(*kind) for kind in kinds)))


def _fields(module: str, kind: str) -> tuple[str, ...]:
    fields: tuple[str, ...] = getattr(import_module(f"accounts.web.{module}"), kind).__struct_fields__
    return fields


def body_of(function: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(sample(function)["body"])
    return body
