"""Redirects to Google and GitHub, and the list of login methods, through the functions."""

import json
from urllib.parse import urlencode

import pytest

from accounts import errors, secrets
from accounts.dynamo.throttles import CounterItem, ThrottlesTable
from accounts.limits import OAUTH_STARTS_PER_ADDRESS_PER_MINUTE
from tests.functions import expected, lambdas
from tests.functions.away import EmulatedProviders, page_event, query_of, state_of
from tests.functions.cloud import SITE_URL
from tests.functions.lambdas import Lambdas
from tests.functions.oauth_answers import ATTRIBUTES, check_page
from tests.functions.requests import request
from tests.unit.accounts.identity_providers.forgery import CLIENT_ID

RESERVED = {
    "client_id": "evil",
    "redirect_uri": "https://evil.example/callback",
    "state": "chosen-by-the-caller",
    "scope": "openid admin",
    "nonce": "chosen-by-the-caller",
    "login_hint": "victim@example.com",
    "code_challenge": "chosen",
    "code_challenge_method": "plain",
    "response_type": "token",
    "prompt": "none",
    "intent": "link",
    "provider": "github",
}


def test_the_redirect_is_a_303_with_one_cookie(functions: Lambdas, providers: EmulatedProviders) -> None:
    answer = providers.start()
    name = f"__Host-oauth-{secrets.digest(state_of(answer))[:8]}"

    cookie = f"{name}={providers.browser[name]}; {ATTRIBUTES}; Max-Age=3600"
    location = {"location": answer.result["headers"]["location"]}
    whole = expected.answer("oauth_callback", 303, headers=location, cookies=[cookie])
    assert answer.result == whole
    assert len(functions.cloud.tables()["OneTimeTokensTable"]) == 1


@pytest.mark.parametrize("provider", ["google", "github"])
def test_parameters_of_the_caller_override_nothing(providers: EmulatedProviders, provider: str) -> None:
    """OA-18: only the page to return to is read; it is stored, not sent to the provider."""
    usual = query_of(providers.start(provider))
    with_more = query_of(providers.start(provider, urlencode(RESERVED | {"return_to": "/keys"})))
    fresh = {"state", "nonce", "code_challenge"}

    assert {k: v for k, v in with_more.items() if k not in fresh} == {k: v for k, v in usual.items() if k not in fresh}
    assert set(with_more.values()) & set(RESERVED.values()) == set()
    assert with_more["redirect_uri"] == f"{SITE_URL}/auth/{provider}/callback"
    assert with_more["code_challenge_method"] == "S256"
    assert with_more["client_id"] == (CLIENT_ID if provider == "google" else "Iv1.client")


@pytest.mark.parametrize(
    "return_to",
    [
        "//evil.com",
        "https://evil.com",
        "/\\evil.com",
        "javascript:alert(1)",
        "/keys\r\nX: y",
        "http://192.168.1.2",
        "/#x",
    ],
)
def test_a_return_url_off_the_allowlist_is_refused_before_the_redirect(
    functions: Lambdas, providers: EmulatedProviders, return_to: str
) -> None:
    """With a page that says what to do instead."""
    check_page(providers.start("google", urlencode({"return_to": return_to})), 403, errors.OriginNotAllowed)
    assert functions.cloud.tables()["OneTimeTokensTable"] == []


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("provider", ["google", "github", "facebook"])
def test_a_provider_without_credentials_is_off(
    functions: Lambdas, providers: EmulatedProviders, provider: str, method: str
) -> None:
    """404, for a browser as a page, for a program as JSON; ``login_methods`` does not list it."""
    functions.people.arrange()
    empty = {"client_id": "", "client_secret": ""}
    functions.cloud.secrets["OAuthProvidersSecret"] = json.dumps({"google": empty, "github": empty})
    lambdas.module.cache_clear()
    if method == "GET":
        check_page(providers.start(provider), 404, errors.ProviderOff)
        check_page(providers.callback(provider, "state=x&code=y"), 404, errors.ProviderOff)
    else:
        assert providers.link(provider).read == expected.refusal("oauth_start", 404, "provider_off")
    methods = functions.invoke("login_methods", request("login_methods"))
    assert (methods.json["methods"], methods.json["start_urls"]) == (["email", "api_key"], {})


@pytest.mark.parametrize("secret", ["", "{", "[]", "null", '"x"', '{"google": {"client_id": "x"}} trailing'])
def test_a_malformed_provider_secret_is_a_503(functions: Lambdas, providers: EmulatedProviders, secret: str) -> None:
    """With ``Retry-After``, as a page."""
    functions.cloud.secrets["OAuthProvidersSecret"] = secret
    lambdas.module.cache_clear()

    check_page(providers.start(), 503, errors.Unavailable, retry_after="5")


@pytest.mark.usefixtures("providers")
@pytest.mark.parametrize(
    ("query", "origin", "allowed"),
    [
        ("", SITE_URL, True),
        ("origin=https%3A%2F%2Fcloud.comfy.org", "https://cloud.comfy.org", True),
        ("origin=http%3A%2F%2F%5B0%3A0%3A%3A1%5D%3A8188", "http://[::1]:8188", True),
        ("origin=http%3A%2F%2F10.0.0.5%3A8188", "http://10.0.0.5:8188", False),
        ("origin=https%3A%2F%2Fcomfy.org.evil.com", "https://comfy.org.evil.com", False),
        ("origin=null", "", False),
        ("origin=%3Cscript%3E", "", False),
    ],
)
def test_each_origin_gets_its_login_methods(functions: Lambdas, query: str, origin: str, allowed: bool) -> None:
    """An origin off the allowlist gets only API keys."""
    answer = functions.invoke("login_methods", request("login_methods", query=query))

    starts = {name: f"{SITE_URL}/auth/{name}/start" for name in ("google", "github")}
    body = {
        "origin": origin,
        "allowed": allowed,
        "methods": ["email", "google", "github", "api_key"] if allowed else ["api_key"],
        "start_urls": starts if allowed else {},
        "api_key_url": f"{SITE_URL}/api-keys",
        **({} if allowed else {"message": errors.OriginNotAllowed.default_message}),
    }
    assert answer.read == expected.answer("login_methods", 200, body, headers=expected.CORS)


@pytest.mark.usefixtures("providers")
@pytest.mark.parametrize("query", ["origin=a&origin=b", "origin=%ff", "origin=a&origin", "origin=\ud800", "x" * 3000])
def test_an_ambiguous_origin_is_refused(functions: Lambdas, query: str) -> None:
    answer = functions.invoke("login_methods", request("login_methods", query=query))

    assert (answer.status, answer.json["error"]) == (400, "malformed_request")


def test_redirects_of_one_source_are_limited(functions: Lambdas, providers: EmulatedProviders) -> None:
    """The next in that minute is a page with ``Retry-After``."""
    providers.start()
    table, [counter] = ThrottlesTable("ThrottlesTable"), functions.cloud.tables()["ThrottlesTable"]
    nearly_full = CounterItem.counted.set(OAUTH_STARTS_PER_ADDRESS_PER_MINUTE - 1)
    table.write_alone(table.update(counter["counter"]["S"], [nearly_full]))
    assert providers.start().status == 303
    answer = functions.invoke("oauth_start", page_event("GET", "/auth/{provider}/start", "google", ""))

    assert (answer.status, answer.result["headers"]["retry-after"]) == (429, "60")
    assert "<code>too_many_attempts</code>" in answer.result["body"]
