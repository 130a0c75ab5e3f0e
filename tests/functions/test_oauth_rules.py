"""The rules of every route, for the routes of Google and GitHub, whose samples need more than a person."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.functions import expected, lambdas
from tests.functions.away import EmulatedProviders, arrange_for, page_event
from tests.functions.cloud import SITE_URL, unreachable
from tests.functions.conftest import NOW
from tests.functions.inventory import OAUTH
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, request, sample
from tests.functions.test_bad_headers import NO_KEYS, NOT_COOKIES, NOT_CREDENTIALS, NOT_KEYS
from tests.functions.test_fuzz import HEADER, HEADERS, RELAXED, TEXT
from tests.unit.accounts.identity_providers.forgery import NONCE

SESSION_ROUTES = ("oauth_start", "identity_list", "identity_unlink", "password_set")
UNSAFE = ("oauth_start", "identity_unlink", "identity_confirm", "password_set")
FRESH = ("oauth_start", "identity_unlink", "password_set")
WITH_BODY = ("oauth_start", "identity_confirm", "password_set")
PAGES = {"oauth_start": "/auth/{provider}/start", "oauth_callback": "/auth/{provider}/callback"}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)


@pytest.mark.parametrize("function", SESSION_ROUTES)
def test_a_request_without_a_session_is_refused(functions: Lambdas, function: str) -> None:
    """No credential, or an invalid one: 401 without a read."""
    arrange_for(functions, function, NOW)
    refused = expected.refusal(function, 401, "not_authenticated")
    events = [
        request(function),
        *(request(function, cookie=SAMPLE_TOKEN, headers={"authorization": value}) for value in NOT_CREDENTIALS),
        *(request(function, key=value) for value in NO_KEYS),
        *(request(function) | {"cookies": cookies} for cookies in NOT_COOKIES),
    ]
    for event in events:
        answer = functions.invoke(function, event)
        assert (answer.read, answer.events, answer.calls) == (refused, ["authz_fail"], [])


@pytest.mark.parametrize("function", SESSION_ROUTES)
def test_a_key_is_refused(functions: Lambdas, function: str) -> None:
    """403, and the key is not looked up."""
    arrange_for(functions, function, NOW)
    mistyped = (request(function, key=value) for value in NOT_KEYS)
    for event in (
        request(function, key=SAMPLE_KEY),
        request(function, bearer=SAMPLE_KEY, cookie=SAMPLE_TOKEN),
        *mistyped,
    ):
        answer = functions.invoke(function, event)
        assert answer.read == expected.refusal(function, 403, "credential_not_accepted")
        assert answer.calls == []


@pytest.mark.parametrize("function", UNSAFE)
@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ("https://evil.example", "cross-site"),
        ("https://evil.example", "same-origin"),
        ("http://127.0.0.1:8188", "cross-site"),
        ("null", None),
        (None, None),
        (None, "same-site"),
        (None, "none"),
        (SITE_URL, "cross-site"),
        (f"{SITE_URL}.evil.example", None),
    ],
)
def test_a_request_from_another_origin_is_refused(
    functions: Lambdas, function: str, origin: str | None, site: str | None
) -> None:
    """403 before any call, and nothing changes."""
    arrange_for(functions, function, NOW)
    before = functions.cloud.tables()
    event = request(function, cookie=SAMPLE_TOKEN, headers={"origin": origin, "sec-fetch-site": site})
    answer = functions.invoke(function, event)

    assert answer.read == expected.refusal(function, 403, "cross_site_request")
    assert (answer.events, answer.calls, functions.cloud.tables()) == (["malicious_csrf"], [], before)


@pytest.mark.usefixtures("providers")
@pytest.mark.parametrize("function", FRESH)
def test_what_changes_identities_needs_a_recent_login(functions: Lambdas, function: str) -> None:
    """403 from the sixteenth minute on, and nothing changes."""
    arrange_for(functions, function, NOW)
    functions.clock.now = NOW.replace(minute=15, second=1)
    answer = functions.invoke(function, sample(function))

    assert answer.read == expected.refusal(function, 403, "reauth_required")


@pytest.mark.parametrize("function", WITH_BODY)
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 400, "malformed_request"),
        ("[]", 400, "malformed_request"),
        ("{", 400, "malformed_request"),
        ('{"a": 1, "a": 1}', 400, "malformed_request"),
        ('{"token": "\\ud800"}', 400, "malformed_request"),
        ('{"client_id": "evil"}', 400, "invalid_input"),
        ('{"redirect_uri": "https://evil.example"}', 400, "invalid_input"),
        ("x" * (16 * 1024 + 1), 413, "body_too_large"),
        ("[" * 16_000, 400, "malformed_request"),
    ],
)
def test_a_malformed_body_is_refused(functions: Lambdas, function: str, body: str, status: int, code: str) -> None:
    """4xx and nothing written; an unknown field is never passed on (OA-18)."""
    arrange_for(functions, function, NOW)
    before = functions.cloud.tables()
    answer = functions.invoke(function, request(function, cookie=SAMPLE_TOKEN, body=body))

    assert (answer.status, answer.json["error"], sorted(answer.json)) == (status, code, ["error", "message"])
    assert functions.cloud.tables() == before


@pytest.mark.parametrize("function", PAGES)
def test_a_refusal_in_a_browser_is_a_page(functions: Lambdas, function: str) -> None:
    """With the pages' policy, without cookies or CORS headers, and never cached."""
    event = page_event("GET", PAGES[function], "facebook", "")
    event["requestContext"]["requestId"] = f"sample-{function.replace('_', '-')}"
    functions.cloud.secrets["OAuthProvidersSecret"] = "{}"
    lambdas.module.cache_clear()
    answer = functions.invoke(function, event)

    headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": PAGE_POLICY}
    assert answer.result == expected.answer(function, 404, answer.result["body"], headers=headers)
    assert "<code>provider_off</code>" in answer.result["body"]
    assert answer.events == ["authn_provider_off"]


# The services that each function needs for its response; notices are queued afterwards.
USES = [(function, "dynamodb") for function in sorted(OAUTH - {"login_methods"})] + [
    (function, "secretsmanager") for function in ("login_methods", "oauth_callback", "oauth_start", "password_set")
]


@pytest.mark.parametrize(("function", "service"), USES)
def test_a_service_that_is_down_is_a_503(
    functions: Lambdas, providers: EmulatedProviders, function: str, service: str
) -> None:
    """With ``Retry-After``, as JSON or as a page; nothing is written."""
    arrange_for(functions, function, NOW)
    providers.google_says(nonce=NONCE)
    functions.cloud.failing[service] = unreachable
    before = functions.cloud.but_counters()
    answer = functions.invoke(function, sample(function))

    assert functions.cloud.but_counters() == before
    assert (answer.status, answer.result["headers"]["retry-after"]) == (503, "5")
    assert "temporarily_unavailable" in answer.result["body"]
    assert answer.events == ["sys_unavailable"]


@pytest.mark.parametrize(
    "function", ["oauth_callback", "identity_confirm", "identity_unlink", "password_set", "oauth_start"]
)
def test_nothing_is_half_written_whichever_call_fails(
    functions: Lambdas, providers: EmulatedProviders, function: str
) -> None:
    """Each call to a table in turn: 503, and no account, identity, password or session is added or removed.

    A used state stays used: it is consumed before the provider is called.
    """

    def arrange() -> None:
        arrange_for(functions, function, NOW)

    def invoke_cold() -> Answer:
        lambdas.module.cache_clear()
        return functions.invoke(function, sample(function))

    def left() -> dict[str, Any]:
        return {name: rows for name, rows in functions.cloud.but_counters().items() if name != "OneTimeTokensTable"}

    providers.google_says(nonce=NONCE, email="new@example.com")
    functions.restore(arrange)
    calls = [call.name for call in invoke_cold().calls]
    for number, name in enumerate(calls):
        functions.restore(arrange)
        before = left()
        functions.cloud.fail_at(number)
        answer = invoke_cold()
        functions.cloud.fail_at(None)
        if name.startswith("dynamodb"):
            assert (name, answer.status, left()) == (name, 503, before)
    assert "dynamodb.TransactWriteItems" in calls or function == "oauth_start"


@pytest.mark.usefixtures("providers")
@pytest.mark.parametrize("function", sorted(OAUTH))
@RELAXED
@given(
    headers=HEADERS,
    cookies=st.lists(HEADER, max_size=2),
    query=TEXT | st.builds("state={}&code={}&iss={}&error={}".format, TEXT, TEXT, TEXT, TEXT),
    target=TEXT,
    body=st.none() | TEXT,
    is_page=st.booleans(),
)
def test_no_event_causes_a_5xx(
    functions: Lambdas,
    function: str,
    headers: dict[str, str | None],
    cookies: list[str],
    query: str,
    target: str,
    body: str | None,
    is_page: bool,
) -> None:
    """Any headers, cookies, parameters and bytes: below 500, JSON, and one log line."""
    functions.restore(lambda: arrange_for(functions, function, NOW))
    event = request(function, headers=headers, query=query) | {"cookies": cookies, "body": body}
    event = copy.deepcopy(event) | {"pathParameters": {"id": target, "provider": target}}
    if is_page and function in PAGES:
        event |= {"routeKey": f"GET {PAGES[function]}"}
        event["requestContext"]["http"]["method"] = "GET"
    answer = functions.invoke(function, event)

    assert 200 <= answer.status < 500
    assert len(answer.events) == 1
    json.dumps(answer.result).encode()
