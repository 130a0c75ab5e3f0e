"""The wrapper of every HTTP function: read, check, handle, respond, and log one line whatever happens."""

import json
from collections.abc import Callable
from copy import replace
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from msgspec import Struct

from accounts import secrets
from accounts.errors import (
    AccountsError,
    InvalidCredentials,
    LoginDeclined,
    MalformedRequest,
    NotFound,
    TooManyAttempts,
    Unauthenticated,
    Unavailable,
)
from accounts.flows.people.authentication import (
    ACCESS_TOKEN,
    ADMIN_SECRET,
    API_KEY,
    SESSION,
    Authentication,
    Credential,
    CredentialKind,
    Principal,
)
from accounts.limits import FRESH_LOGIN
from accounts.model.audit import Caller
from accounts.web import endpoint, responses, routes
from accounts.web.requests import Request
from accounts.web.responses import Response
from tests.unit.accounts.stage import NOW, sample_session
from tests.unit.accounts.web.events import OWN, SETTINGS, TOKEN, event
from tests.unit.accounts.web.test_responses import CORS, SECURITY

KEY = "comfyui-" + "A" * 64
Logged = Callable[[], list[dict[str, Any]]]
pytestmark = pytest.mark.usefixtures("log")


class Said(Struct):
    said: str | None


class Accepting:
    """Accepts every secret of a kind, and counts them."""

    def __init__(self, kind: CredentialKind = SESSION) -> None:
        self.kind = kind
        self.asked = 0

    def principal(self, credential: Credential, caller: Caller, now: datetime) -> Principal:
        self.asked += 1
        session = sample_session() if self.kind in {SESSION, ACCESS_TOKEN} else None
        return Principal("u" * 28, self.kind, credential.secret[:1] + now.isoformat() + caller.source, session)


KINDS: tuple[CredentialKind, ...] = (SESSION, ACCESS_TOKEN, API_KEY, ADMIN_SECRET)
ANYONE = Authentication({kind: Accepting(kind) for kind in KINDS})


def answer(route: routes.Route, handle: endpoint.Handle, **parts: Any) -> dict[str, Any]:
    """The response of a function that serves ``route`` with ``handle``."""
    return endpoint.answer(route, SETTINGS, ANYONE, handle, asked(route, **parts), NOW)


def asked(route: routes.Route, **parts: Any) -> dict[str, Any]:
    """An event for ``route``, with a session cookie if the route accepts sessions and no credential is given."""
    if SESSION in route.credentials and "x-api-key" not in parts.get("headers", {}):
        parts = {"cookies": [f"__Host-session={TOKEN}"], **parts}
    return event(route.method, route.path, **parts)


def hello(_: Request) -> Response:
    """A handler that succeeds."""
    return responses.ok(Said("there"), user_id="u" * 28)


def raising(error: Exception) -> endpoint.Handle:
    """A handler that raises."""

    def handle(_: Request) -> Response:
        raise error

    return handle


def test_requests_that_bypass_the_firewall_are_refused_before_anything_is_done(logged: Logged) -> None:
    """For every path; the log has the real source (DS-02)."""
    secret = "s" * 48
    behind = replace(SETTINGS, environ={**SETTINGS.environ, "FIREWALL_SECRET_DIGESTS": secrets.digest(secret)})
    shown = {"cloudfront-viewer-address": "203.0.113.7:46532"}
    sent = [asked(routes.SESSION_SHOW, headers=it) for it in (shown, shown | {"x-firewall-secret": secret})]

    answers = [endpoint.answer(routes.SESSION_SHOW, behind, ANYONE, hello, it, NOW) for it in sent]

    assert [it["statusCode"] for it in answers] == [403, 200]
    assert [(line["source"], line["status"]) for line in logged()] == [("192.0.2.1", 403), ("203.0.113.7", 200)]
    assert secret not in json.dumps(logged())


@pytest.mark.parametrize(
    ("setting", "sent"),
    [
        ("", "max-age=31536000; includeSubDomains"),
        ("on", "max-age=31536000; includeSubDomains"),
        ("off", "max-age=31536000"),
    ],
)
def test_hsts_includes_subdomains_unless_the_operator_says_no(setting: str, sent: str) -> None:
    """On refusals, too (WB-06)."""
    chosen = replace(SETTINGS, environ={**SETTINGS.environ, "HSTS_SUBDOMAINS": setting})
    for handle in (hello, raising(NotFound())):
        given = endpoint.answer(routes.LOGIN_METHODS, chosen, ANYONE, handle, asked(routes.LOGIN_METHODS), NOW)

        assert given["headers"]["strict-transport-security"] == sent


def test_a_head_request_has_the_rules_of_its_get_route() -> None:
    """Not those of the function's first route, and no body (RFC 9110 9.3.2)."""
    served = (routes.CLIENT_AUTHORIZE, routes.CLIENT_QUESTION)
    assert routes.named("HEAD /oauth/authorize/request", served) == routes.CLIENT_QUESTION
    get, head = (
        endpoint.answer(routes.SESSION_SHOW, SETTINGS, ANYONE, hello, asked(routes.SESSION_SHOW) | _by(method), NOW)
        for method in routes.SESSION_SHOW.methods
    )

    assert head == {**get, "body": ""}
    assert get["body"] == '{"said":"there"}'


def _by(method: str) -> dict[str, Any]:
    http = {"method": method, "sourceIp": "192.0.2.1"}
    return {"requestContext": {"requestId": "request-1", "http": http}}


def test_a_success_is_answered_and_logged(logged: Logged) -> None:
    """One line under the route's event, with account and source; the response has every header."""
    assert answer(routes.SESSION_SHOW, hello, headers={"user-agent": "a browser"}) == {
        "statusCode": 200,
        "headers": {**SECURITY, "content-type": "application/json; charset=utf-8", "x-request-id": "request-1"},
        "body": '{"said":"there"}',
    }
    (line,) = logged()
    fields = ("level", "event", "function", "route", "status", "request_id", "source", "user_agent", "user_id")
    assert [line[name] for name in fields] == [
        "INFO",
        "session_shown",
        "session_show",
        "GET /auth/session",
        200,
        "request-1",
        "192.0.2.1",
        "a browser",
        "u" * 28,
    ]
    assert "error" not in line


@pytest.mark.parametrize(
    ("error", "status", "level", "event_name"),
    [
        (NotFound(), 404, "WARNING", "authz_fail_not_found"),
        (InvalidCredentials(), 401, "WARNING", "authn_login_fail"),
        (TooManyAttempts(30), 429, "WARNING", "excess_rate_limit_exceeded"),
        (Unavailable(), 503, "ERROR", "sys_unavailable"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_refusal_is_answered_and_logged(
    logged: Logged, error: AccountsError, status: int, level: str, event_name: str
) -> None:
    """The response has code and sentence; the line has event and place."""
    got = answer(routes.SESSION_SHOW, raising(error))

    assert (got["statusCode"], json.loads(got["body"])) == (status, {"error": error.code, "message": error.message})
    (line,) = logged()
    assert (line["level"], line["event"], line["code"], line["status"]) == (level, event_name, error.code, status)
    assert line["error"].startswith(f"{type(error).__name__} at test_endpoint.py:")


@pytest.mark.parametrize(
    ("named", "logged_name"), [("google", "google"), ("github", "github"), ("<a caller's own word>", "")]
)
def test_a_line_names_the_provider_and_nothing_that_the_caller_chose(
    logged: Logged, named: str, logged_name: str
) -> None:
    """The path names it, and a caller could write anything there: it would be logged and counted (LG-02)."""
    sent = {**event("GET", "/auth/google/callback"), "pathParameters": {"provider": named}}
    endpoint.answer(routes.OAUTH_CALLBACK, SETTINGS, ANYONE, raising(LoginDeclined()), sent, NOW)

    (line,) = logged()
    assert (line["event"], line["method"]) == ("authn_provider_fail", logged_name)
    assert "caller" not in json.dumps(line)


def test_a_line_names_the_method_that_the_response_knows(logged: Logged) -> None:
    """The login method, which is counted."""
    answer(routes.SESSION_SHOW, lambda _: responses.ok(Said(""), method="password"))

    assert [line["method"] for line in logged()] == ["password"]


@pytest.mark.parametrize(
    "error", [RuntimeError("secret-in-a-message"), KeyError("secret-in-a-message"), RecursionError()]
)
def test_an_unexpected_exception_is_500_without_detail(logged: Logged, error: Exception) -> None:
    """Nothing of its text is returned or logged, only its type and place (ASVS 16.5.1)."""
    got = answer(routes.SESSION_SHOW, raising(error))

    message = "Something went wrong on our side. Try again in a moment."
    assert (got["statusCode"], json.loads(got["body"])) == (500, {"error": "internal_error", "message": message})
    (line,) = logged()
    assert (line["level"], line["event"], line["code"]) == ("ERROR", "sys_error", "internal_error")
    assert "secret-in-a-message" not in json.dumps([got, line])


@pytest.mark.parametrize("broken", [{"headers": {1: "x"}}, {"cookies": [1]}, {"requestContext": "x"}])
def test_an_unreadable_event_is_answered_too(logged: Logged, broken: dict[str, Any]) -> None:
    """With every header."""
    got = endpoint.answer(routes.SESSION_SHOW, SETTINGS, ANYONE, hello, {**event(), **broken}, NOW)

    headers = {**SECURITY, "content-type": "application/json; charset=utf-8", "x-request-id": "unknown"}
    assert got == {"statusCode": 500, "headers": headers, "body": responses.refused(AccountsError()).body}
    (line,) = logged()
    assert (line["event"], line["request_id"], line["source"]) == ("sys_error", "unknown", "unknown")


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
@pytest.mark.parametrize(
    "route", [routes.LOGIN, routes.SIGNUP, routes.LOGOUT, routes.EMAIL_VERIFY, routes.EMAIL_RESEND]
)
def test_cookie_routes_are_closed_to_other_sites(route: routes.Route, headers: dict[str, str]) -> None:
    """Before the handler runs, logged in or not: this covers login CSRF (WB-02)."""
    got = answer(route, raising(AssertionError("was reached")), headers=headers)

    assert (got["statusCode"], json.loads(got["body"])["error"]) == (403, "cross_site_request")
    assert "access-control-allow-origin" not in got["headers"]


def test_the_sites_own_pages_are_accepted() -> None:
    assert answer(routes.LOGIN, hello, headers=OWN)["statusCode"] == 200


def test_routes_that_other_origins_may_read_are_open_to_header_credentials() -> None:
    """And have CORS headers, also on errors (WB-04)."""
    for handle in (hello, raising(NotFound())):
        got = answer(routes.ACCOUNT_OPEN, handle, headers={"origin": "http://127.0.0.1:8188", "x-api-key": KEY})

        assert got["statusCode"] == (200 if handle is hello else 404)
        assert CORS.items() <= got["headers"].items()


def test_a_route_without_cookies_does_not_check_the_origin() -> None:
    """Another service sends no Origin."""
    assert answer(routes.KEY_VERIFY, hello)["statusCode"] == 200


def test_a_function_keeps_nothing_of_the_previous_request(logged: Logged) -> None:
    """Called as one account, anonymously and as another, it answers each as the right one (SE-17)."""

    @endpoint.endpoint(routes.CLIENT_QUESTION, Deployed())
    def lambda_handler(sent: Request) -> Response:
        who = sent.principal.credential_id[0] if sent.principal else None
        return responses.ok(Said(who), user_id=sent.caller.user_agent)

    people = [("a", ["__Host-session=" + "a" * 43]), ("anonymous", []), ("b", ["__Host-session=" + "b" * 43])]
    answers = [lambda_handler(event(headers={"user-agent": who}, cookies=jar), None) for who, jar in people]

    assert [json.loads(got["body"])["said"] for got in answers] == ["a", None, "b"]
    assert [line["user_id"] for line in logged()] == ["a", "anonymous", "b"]


def test_concurrent_requests_do_not_mix() -> None:
    """Each thread gets its own response."""
    answers: dict[int, str] = {}

    def echo(sent: Request) -> Response:
        return responses.ok(Said(sent.caller.user_agent))

    def ask(number: int) -> None:
        answers[number] = answer(routes.SESSION_SHOW, echo, headers={"user-agent": str(number)})["body"]

    threads = [Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {number: f'{{"said":"{number}"}}' for number in range(8)}


class Deployed:
    """A deployment that accepts every credential, and records the kinds that it was asked to accept."""

    settings = SETTINGS

    def authentication(self, kinds: frozenset[CredentialKind]) -> Authentication:
        return Authentication({kind: Accepting(kind) for kind in kinds})


PRESENTED: dict[CredentialKind, dict[str, Any]] = {
    SESSION: {"cookies": [f"__Host-session={TOKEN}"], "headers": OWN},
    ACCESS_TOKEN: {"headers": OWN | {"authorization": "Bearer a.b.c"}},
    API_KEY: {"headers": OWN | {"x-api-key": KEY}},
}
_WITH_CREDENTIALS = [route for route in routes.ROUTES if route.credentials and route is not routes.KEY_VERIFY]
_REFUSING = [route for route in _WITH_CREDENTIALS if not route.optional]


@pytest.mark.parametrize("kind", PRESENTED)
@pytest.mark.parametrize("route", _REFUSING, ids=lambda route: f"{route.method} {route.path}")
def test_only_an_accepted_kind_reaches_the_handler(route: routes.Route, kind: CredentialKind) -> None:
    """Another kind is refused without a lookup (AK-05)."""
    reached: list[Principal | None] = []
    authenticators = {it: Accepting(it) for it in PRESENTED}
    deployed = Authentication({it: authenticators[it] for it in route.credentials})

    def handle(sent: Request) -> Response:
        reached.append(sent.principal)
        return responses.ok(Said(""))

    got = endpoint.answer(route, SETTINGS, deployed, handle, event(route.method, route.path, **PRESENTED[kind]), NOW)

    accepted = kind in route.credentials
    assert [it.kind for it in reached if it] == ([kind] if accepted else [])
    assert authenticators[kind].asked == accepted
    assert accepted or json.loads(got["body"])["error"] == "credential_not_accepted"


@pytest.mark.parametrize("route", _REFUSING, ids=lambda route: f"{route.method} {route.path}")
def test_without_a_credential_the_handler_is_not_reached(route: routes.Route) -> None:
    got = endpoint.answer(
        route, SETTINGS, ANYONE, raising(AssertionError), event(route.method, route.path, headers=OWN), NOW
    )

    assert (got["statusCode"], json.loads(got["body"])["error"]) == (401, "not_authenticated")


@pytest.mark.parametrize("route", [it for it in routes.ROUTES if it.optional], ids=lambda route: route.path)
def test_an_optional_credential_may_be_absent(route: routes.Route) -> None:
    """A header that the route does not accept is ignored."""
    for parts in ({"headers": OWN}, PRESENTED[API_KEY], PRESENTED[ACCESS_TOKEN]):
        got = endpoint.answer(route, SETTINGS, ANYONE, hello, event(route.method, route.path, **parts), NOW)
        assert got["statusCode"] == 200


@pytest.mark.parametrize("route", [it for it in routes.ROUTES if it.fresh], ids=lambda it: f"{it.method} {it.path}")
def test_a_fresh_route_refuses_an_older_login(route: routes.Route) -> None:
    """15 minutes are recent; a microsecond more is not (SE-12)."""
    sent = event(route.method, route.path, **PRESENTED[SESSION])
    codes = []
    for now in (NOW + FRESH_LOGIN, NOW + FRESH_LOGIN + timedelta(microseconds=1)):
        got = endpoint.answer(route, SETTINGS, ANYONE, hello, sent, now)
        codes.append(json.loads(got["body"]).get("error"))

    assert codes == [None, "reauth_required"]


def test_these_routes_accept_sessions_that_only_set_up_a_second_factor() -> None:
    """Nothing else is reachable before (decision 0083)."""
    assert {f"{it.method} {it.path}" for it in routes.ROUTES if it.enrolling} == {
        "POST /auth/logout",
        "GET /auth/session",
        "GET /auth/second-factor",
        "POST /auth/second-factor/setup",
        "POST /auth/second-factor",
    }


def test_these_routes_need_a_fresh_login() -> None:
    """Those that give or remove access to the account, and the export."""
    assert {f"{it.method} {it.path}" for it in routes.ROUTES if it.fresh} == {
        "POST /auth/{provider}/link",
        "DELETE /auth/identities/{id}",
        "POST /auth/passkeys/options",
        "POST /auth/passkeys",
        "DELETE /auth/passkeys/{id}",
        "DELETE /auth/second-factor/reset",
        "POST /auth/second-factor/setup",
        "POST /auth/second-factor",
        "POST /auth/second-factor/off",
        "POST /auth/second-factor/recovery-codes",
        "DELETE /auth/password",
        "POST /auth/password",
        "POST /auth/password/change",
        "POST /auth/email/change",
        "GET /customers/me/export",
        "DELETE /customers/me",
        "POST /customers/api-keys",
        "POST /customers/api-keys/{id}/rotate",
    }


def test_a_deployment_is_asked_for_the_kinds_that_the_route_accepts() -> None:
    """No other authentication is created, so no other kind can be accepted."""
    asked_kinds: list[frozenset[CredentialKind]] = []

    class Recording(Deployed):
        def authentication(self, kinds: frozenset[CredentialKind]) -> Authentication:
            asked_kinds.append(kinds)
            return super().authentication(kinds)

    endpoint.endpoint(routes.KEY_LIST, Recording(), routes.LOGIN, routes.KEY_VERIFY)(hello)

    assert asked_kinds == [routes.LOGGED_IN, routes.NO_CREDENTIAL, routes.ADMIN_ONLY]


def test_a_handler_cannot_ask_for_a_session_that_its_route_does_not_have() -> None:
    """A mistake in the code is answered with 500, never with an account."""

    def handle(sent: Request) -> Response:
        return responses.ok(Said(f"{sent.user_id} {sent.session.digest}"))

    got = endpoint.answer(routes.LOGIN, SETTINGS, ANYONE, handle, event("POST", "/auth/login", headers=OWN), NOW)

    assert got["statusCode"] == 500


@pytest.mark.parametrize("cookies", [[], [f"__Host-session={TOKEN}"]])
def test_another_site_is_refused_before_a_credential_is_resolved(cookies: list[str]) -> None:
    """It is not told whether its visitor is logged in."""
    accepting, route = Accepting(), routes.SESSION_REVOKE_ALL
    sent = event(route.method, route.path, cookies=cookies, headers={"origin": "https://evil.example"})
    got = endpoint.answer(route, SETTINGS, Authentication({SESSION: accepting}), hello, sent, NOW)

    assert (got["statusCode"], json.loads(got["body"])["error"]) == (403, "cross_site_request")
    assert accepting.asked == 0


METADATA = 'resource_metadata="https://accounts.example.com/.well-known/oauth-protected-resource"'


@pytest.mark.parametrize(
    ("headers", "error", "challenge"),
    [
        ({"authorization": "Bearer x.y.z"}, Unauthenticated(), f'Bearer error="invalid_token", {METADATA}'),
        ({"x-api-key": KEY}, Unauthenticated(), f"Bearer {METADATA}"),
        ({"authorization": "Bearer x.y.z"}, NotFound(), None),
    ],
)
def test_only_a_bearer_token_that_was_refused_is_called_invalid(
    headers: dict[str, str], error: AccountsError, challenge: str | None
) -> None:
    """RFC 6750 3.1."""
    got = answer(routes.ACCOUNT_SHOW, raising(error), headers=headers, cookies=[])

    assert got["headers"].get("www-authenticate") == challenge


@pytest.mark.parametrize("route", [it for it in routes.ROUTES if it.credentials], ids=lambda it: it.keys[0])
def test_a_401_says_where_to_get_an_access_token_only_where_one_is_accepted(route: routes.Route) -> None:
    """RFC 9728 5.1."""
    got = answer(route, raising(Unauthenticated()), headers=OWN)

    expected = f"Bearer {METADATA}" if ACCESS_TOKEN in route.credentials else "Bearer"
    assert got["headers"]["www-authenticate"] == expected


@pytest.mark.parametrize(
    ("error", "level"), [(MalformedRequest(), "WARNING"), (AccountsError(), "ERROR"), (Unavailable(), "ERROR")]
)
def test_a_refusal_is_a_warning_and_a_fault_an_error(logged: Logged, error: AccountsError, level: str) -> None:
    answer(routes.LOGIN, raising(error), headers=OWN)

    assert [line["level"] for line in logged()] == [level]


def test_of_one_functions_routes_each_is_enforced_and_refused_in_its_own_way() -> None:
    """The page for people is refused with a page; only the other route accepts a session."""

    def page(error: AccountsError, _language: str) -> Response:
        return replace(responses.refused(error), body=f"a page about {error.code}")

    @endpoint.endpoint(routes.OAUTH_START, Deployed(), routes.OAUTH_REAUTHENTICATE, page=page)
    def lambda_handler(_: Request) -> Response:
        raise NotFound

    start, again = (
        lambda_handler(asked(route, headers=OWN) | {"routeKey": f"{route.method} {route.path}"}, None)
        for route in (routes.OAUTH_START, routes.OAUTH_REAUTHENTICATE)
    )
    assert start["body"] == "a page about not_found"
    assert json.loads(again["body"])["error"] == "not_found"
