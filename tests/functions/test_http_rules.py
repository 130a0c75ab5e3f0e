"""Rules of every route: other accounts' ids, CORS, overridden methods, forwarded addresses and hosts."""

import base64
import gzip
import json
import re
from typing import Any

import pytest

from accounts import secrets
from accounts.web.routes import ROUTES, Route
from accounts.web.routes import at as routes_at
from tests.functions import expected, proofs
from tests.functions.cloud import SITE_URL
from tests.functions.conftest import NOW
from tests.functions.inventory import FUNCTIONS, READABLE, TESTED_ROUTES
from tests.functions.lambdas import Lambdas
from tests.functions.people import another_person
from tests.functions.requests import SAMPLE_BROWSER, SAMPLE_TOKEN, at, request, sample

GETS = tuple(route for route in ROUTES if route.method == "GET")
NO_IDS = ("", "x", "0" * 63, "0" * 65, "G" * 64, "0" * 64 + "\n", "../" * 20, "%", "é", "\ud800", "0" * 100_000)
FORGED: dict[str, str | None] = {
    "host": "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-for": "198.51.100.1",
    "x-forwarded-proto": "http",
    "forwarded": "for=198.51.100.1;host=evil.example;proto=http",
    "x-real-ip": "198.51.100.1",
    "x-original-url": "/evil",
    "referer": "https://evil.example/",
    "cloudfront-viewer-address": "198.51.100.1:4321",
    "x-firewall-secret": "guess",
}


@pytest.mark.parametrize(
    ("function", "event"),
    [("session_revoke", "session_id"), ("key_delete", "key_id"), ("key_update", "key_id")],
)
def test_another_accounts_id_gets_the_response_of_an_unknown_id(functions: Lambdas, function: str, event: str) -> None:
    """The same 404, and the owner's session or key still works (ASVS 8.2.2)."""
    functions.people.arrange()
    other = functions.people.arrange(another_person("Other"))
    before = functions.cloud.tables()
    foreign = functions.invoke(function, request(function, cookie=SAMPLE_TOKEN, target=getattr(other, event)))
    unknown = functions.invoke(function, request(function, cookie=SAMPLE_TOKEN, target=secrets.digest("nothing")))

    assert foreign.read == unknown.read == expected.refusal(function, 404, "not_found")
    assert foreign.events == unknown.events == ["authz_fail_not_found"]
    assert [call.name for call in foreign.calls] == [call.name for call in unknown.calls]
    assert functions.cloud.tables() == before
    assert functions.invoke("account_show", request("account_show", key=other.key)).status == 200
    assert functions.invoke("account_show", request("account_show", cookie=other.token)).status == 200


@pytest.mark.parametrize("function", ["session_revoke", "key_delete", "key_update", "key_rotate"])
def test_a_malformed_id_is_not_found(functions: Lambdas, function: str) -> None:
    """404 without looking it up."""
    functions.people.arrange()
    for target in NO_IDS:
        answer = functions.invoke(function, request(function, cookie=SAMPLE_TOKEN, target=target))
        assert (target[:20], answer.read) == (target[:20], expected.refusal(function, 404, "not_found"))
        assert [call.name for call in answer.calls] == ["dynamodb.GetItem"]


def test_several_sessions_end_with_one_request(functions: Lambdas) -> None:
    """Another account's among them stays."""
    other = functions.people.arrange(another_person("Other"))
    person = functions.people.arrange()
    tokens = "t" * 43, "u" * 43
    for token in tokens:
        functions.people.login(person, token)
    ids = [*map(secrets.digest, tokens), other.session_id]
    answer = functions.invoke("session_revoke", request("session_revoke", cookie=SAMPLE_TOKEN, target=",".join(ids)))

    assert answer.read == expected.answer("session_revoke", 204)
    kept = {item["digest"]["S"] for item in functions.cloud.tables()["SessionsTable"]}
    assert kept == {person.session_id, other.session_id}


@pytest.mark.parametrize(("function", "target"), [("session_revoke", "session_id"), ("key_delete", "key_id")])
def test_ending_a_session_or_key_again_is_a_404(functions: Lambdas, function: str, target: str) -> None:
    person = functions.people.arrange()
    functions.people.login(person, "t" * 43)
    event = request(function, cookie="t" * 43, target=getattr(person, target))

    assert [functions.invoke(function, event).status for _ in range(2)] == [204, 404]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("origin", [SITE_URL, "http://127.0.0.1:8188", "https://evil.example", "null", None])
def test_only_routes_with_header_credentials_allow_other_origins(
    functions: Lambdas, function: str, origin: str | None
) -> None:
    """The same CORS headers for every origin, never with credentials; no CORS header on other routes."""
    answer = functions.invoke(function, request(function, headers={"origin": origin}))

    found = {name: value for name, value in answer.result["headers"].items() if name.startswith("access-control-")}
    assert found == (expected.CORS if function in READABLE else {})


@pytest.mark.parametrize("path", sorted({route.path for route in TESTED_ROUTES}))
def test_a_preflight_is_answered_where_other_origins_may_read(functions: Lambdas, path: str) -> None:
    """204 with the path's methods; elsewhere 405 without a CORS header."""
    routes = routes_at(path)
    methods = ", ".join(sorted({method for route in routes for method in route.methods}))
    headers = {"origin": "http://127.0.0.1:8188", "access-control-request-method": routes[0].method}
    answer = functions.invoke("fallback", at(path.replace("{id}", "x"), "OPTIONS", headers))

    found = {name: value for name, value in answer.result["headers"].items() if name.startswith("access-control-")}
    if any(route.cors for route in routes):
        assert (answer.status, answer.result["body"]) == (204, "")
        assert found == {**expected.CORS, "access-control-allow-methods": methods}
    else:
        assert (answer.status, answer.result["headers"]["allow"], found) == (405, methods, {})


def test_a_request_that_bypasses_the_firewall_is_refused(functions: Lambdas, monkeypatch: pytest.MonkeyPatch) -> None:
    """403 without a read, also for pages and preflights: without the secret, with a wrong one, or with two."""
    functions.people.arrange()
    monkeypatch.setenv("FIREWALL_SECRET_DIGESTS", secrets.digest("s" * 48))
    shown: tuple[dict[str, str | None], ...] = (
        {},
        {"x-firewall-secret": "guess"},
        {"x-firewall-secret": f"{'s' * 48},guess"},
    )
    # The authorizer serves other APIs, which are not behind this service's firewall.
    behind = sorted({route.function for route in ROUTES} - {"authorizer"})
    answers = [functions.invoke(it, request(it, headers=headers)) for it in behind for headers in shown]

    assert {(answer.status, *answer.events) for answer in answers} == {(403, "authz_fail")}
    assert [call.name for answer in answers for call in answer.calls] == []
    right = request("session_show", cookie=SAMPLE_TOKEN, headers={"x-firewall-secret": "s" * 48})
    assert functions.invoke("session_show", right).status == 200


@pytest.mark.parametrize(
    "path", ["/nothing", "/auth", "/auth/login/", "/customers/", "/customers/api-keys/", "//", "/$default", "/assets/"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "TRACE"])
def test_an_unknown_path_is_a_404(functions: Lambdas, path: str, method: str) -> None:
    """For every method; other origins may read it, because clients look for optional documents."""
    answer = functions.invoke("fallback", at(path, method, {"accept": "application/json"}))

    body = {"error": "not_found", "message": "Not found. Check the address or the ID."}
    assert answer.read == expected.answer("fallback", 404, body, headers=expected.CORS, request_id="sample-pages")
    assert answer.events == ["authz_fail_not_found"]


@pytest.mark.parametrize("route", GETS, ids=lambda route: f"{route.function} {route.path}")
def test_head_answers_like_get_without_the_body(functions: Lambdas, route: Route) -> None:
    """Status, headers and cookies are the same (RFC 9110 9.3.2), with and without a session."""
    functions.people.arrange()
    for cookies in ([], [f"__Host-session={SAMPLE_TOKEN}"]):
        get, head = (functions.invoke(route.function, _asking(route, method, cookies)) for method in route.methods)

        assert head.result == get.result | {"body": ""}
        assert head.events == get.events


@pytest.mark.parametrize("path", ["/login", "/openapi.json", "/assets/1/site.css"])
def test_what_is_the_same_for_everyone_is_compressed(functions: Lambdas, path: str) -> None:
    """For a caller that accepts it; what an account gets is never: its length would depend on secrets."""
    gzipped = {"accept-encoding": "gzip, deflate, br"}
    plain, packed = (functions.invoke("pages", at(path, headers=it)).result for it in ({}, gzipped))

    assert gzip.decompress(base64.b64decode(packed["body"], validate=True)).decode() == plain["body"]
    assert len(packed["body"]) < len(plain["body"])
    functions.people.arrange()
    shown = functions.invoke("session_show", request("session_show", cookie=SAMPLE_TOKEN, headers=gzipped))
    assert (shown.status, "isBase64Encoded" in shown.result) == (200, False)


def test_head_is_unknown_where_get_is(functions: Lambdas) -> None:
    """405 without a body."""
    answer = functions.invoke("fallback", at("/auth/login", "HEAD"))

    assert (answer.status, answer.result["headers"]["allow"], answer.result["body"]) == (405, "POST", "")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "TRACE"])
def test_an_unknown_method_is_a_405(functions: Lambdas, method: str) -> None:
    """With the path's methods."""
    answer = functions.invoke("fallback", at("/auth/login", method))

    body = {"error": "method_not_allowed", "message": "This address supports only POST."}
    assert answer.read == expected.answer("fallback", 405, body, headers={"allow": "POST"}, request_id="sample-pages")


@pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-method-override"])
def test_no_header_changes_the_method(functions: Lambdas, name: str) -> None:
    person = functions.people.arrange()
    event = request("account_show", cookie=SAMPLE_TOKEN, headers={name: "DELETE"}, query="_method=DELETE")

    assert functions.invoke("account_show", event).read == expected.answer("account_show", 200, person.customer(NOW))
    assert functions.cloud.tables()["UsersTable"] != []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_forwarded_addresses_and_hosts_are_ignored(functions: Lambdas, function: str) -> None:
    """The source address comes only from the gateway, and the host only from the configuration."""

    def answer(headers: dict[str, str | None]) -> tuple[Any, Any, Any]:
        functions.restore(functions.people.as_sampled)
        event = sample(function)
        event["headers"] |= headers
        given = functions.invoke(function, event | {"cookies": [f"__Host-session={SAMPLE_TOKEN}"]})
        text = json.dumps(given.result | {"body": None})
        for secret in given.cookies:
            text = text.replace(secret, "")
        return text, given.events, given.log[0]["source"]

    assert answer(FORGED) == answer({})


def test_a_changing_forwarded_address_is_still_one_source(functions: Lambdas) -> None:
    """Once its free limit is used up, every guess needs a proof of work, whatever its headers."""
    body = {"email": "guess@example.com", "password": "whatever it may be"}
    proofs.use_up_the_free_limits(request("login", body=body))
    for number in range(3):
        headers = {"x-forwarded-for": f"198.51.100.{number}", "forwarded": f"for=198.51.100.{number}"}
        answer = functions.invoke("login", request("login", body=body, headers=headers))
        assert (answer.status, answer.json["error"]) == (429, "proof_required")


@pytest.mark.parametrize(
    ("function", "page"),
    [
        ("signup", "verify-email"),
        ("email_resend", "verify-email"),
        ("password_forgot", "reset-password"),
        ("email_change", "verify-email"),
    ],
)
def test_no_request_header_changes_an_emailed_link(functions: Lambdas, function: str, page: str) -> None:
    """Links are built from the configuration (CVE-2025-43930)."""
    functions.people.sign_up(another_person("Newcomer"))
    functions.people.arrange()
    headers = FORGED | {"origin": SITE_URL}
    functions.invoke(function, request(function, cookie=SAMPLE_TOKEN, browser=SAMPLE_BROWSER, headers=headers))
    functions.deliver_all()

    mail = functions.cloud.mails()[-1]
    assert f"\n{SITE_URL}/{page}#token=" in mail["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert "evil" not in json.dumps(mail)


def test_an_unknown_path_shows_a_page_in_a_browser(functions: Lambdas) -> None:
    """A 404 that is not cached, with a link home."""
    answer = functions.invoke("fallback", at("/nothing"))

    assert (answer.status, answer.events) == (404, ["not_found"])
    assert answer.result["headers"]["content-type"] == "text/html; charset=utf-8"
    assert answer.result["headers"]["cache-control"] == "no-store"
    assert answer.result["headers"]["vary"] == "Accept-Encoding, Accept, Accept-Language, Cookie"
    assert 'href="/"' in answer.result["body"]


@pytest.mark.parametrize("path", ["/login", "/signup", "/api-keys", "/account", "/nothing", "/assets/1/../handler.py"])
def test_pages_are_safe_to_fetch(functions: Lambdas, path: str) -> None:
    """Only listed paths exist, and a page makes no call."""
    answer = functions.invoke("pages", at(path))

    assert answer.status == (404 if path in {"/nothing", "/assets/1/../handler.py"} else 200)
    assert answer.calls == []


@pytest.mark.parametrize(("cookie", "goes"), [(None, "/login"), (SAMPLE_TOKEN, "/account"), ("short", "/login")])
def test_the_home_page_redirects(functions: Lambdas, cookie: str | None, goes: str) -> None:
    """To the account if there is a session cookie, which is not checked yet; at the site's own address."""
    event = at("/") | ({"cookies": [f"__Host-session={cookie}"]} if cookie else {})
    answer = functions.invoke("pages", event)

    assert (answer.status, answer.result["headers"]["location"], answer.calls) == (303, f"{SITE_URL}{goes}", [])


@pytest.mark.parametrize(
    ("path", "goes"),
    [
        ("/login/", "/login"),
        ("/oauth/authorize/", "/oauth/authorize"),
        ("/reset-password%23token=aB_-9", "/reset-password#token=aB_-9"),
        ("/verify-email%2523token%3DaB%26with%3Dgithub", "/verify-email#token=aB&with=github"),
    ],
)
def test_a_damaged_link_leads_to_its_page(functions: Lambdas, path: str, goes: str) -> None:
    """By a redirect that is not cached; nothing is looked up, and the log does not have the token."""
    answer = functions.invoke("fallback", at(path) | {"routeKey": "$default"})

    assert answer.read == expected.answer("fallback", 303, headers={"location": goes}, request_id="sample-pages")
    assert (answer.calls, "aB" in json.dumps(answer.log)) == ([], False)


def test_a_form_that_is_posted_without_its_script_gets_a_page(functions: Lambdas) -> None:
    """405, and what was entered is not in it; a program gets JSON."""
    event = at("/login", "POST") | {"body": "email=ann%40example.com&password=quiet", "routeKey": "$default"}
    answer = functions.invoke("fallback", event)

    assert (answer.status, answer.result["headers"]["allow"]) == (405, "GET, HEAD")
    assert answer.result["headers"]["content-security-policy"] == expected.PAGE_POLICY
    assert "needs JavaScript" in answer.result["body"]
    assert ("quiet" in answer.result["body"], answer.calls) == (False, [])
    event["headers"]["accept"] = "*/*"
    assert functions.invoke("fallback", event).json["error"] == "method_not_allowed"


def _asking(route: Route, method: str, cookies: list[str]) -> dict[str, Any]:
    blanks = {"provider": "google", "version": "0", "name": "site.css"}
    path = re.sub(r"\{(\w+)\}", lambda found: blanks[found[1]], route.path)
    event = at(path, method) | {"routeKey": f"{method} {route.path}", "cookies": cookies}
    return event | {"pathParameters": blanks}
