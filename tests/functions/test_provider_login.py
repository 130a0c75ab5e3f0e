"""Login with Google and GitHub through the functions: redirect, callback, and everything that can go wrong."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from accounts import errors
from accounts.errors import AccountsError, ProviderUnavailable
from tests.functions.away import CANARIES, EmulatedProviders, state_of
from tests.functions.cloud import SITE_URL
from tests.functions.conftest import NOW
from tests.functions.lambdas import Lambdas
from tests.functions.oauth_answers import check_page, identity_keys, owner_of, session_of
from tests.functions.requests import SAMPLE_TOKEN
from tests.unit.accounts.identity_providers.transport import GITHUB_EMAILS, GITHUB_USER, GOOGLE_KEYS, TOKEN_URLS


@pytest.mark.parametrize("provider", ["google", "github"])
def test_a_new_person_logs_in_with_two_redirects(
    functions: Lambdas, providers: EmulatedProviders, provider: str
) -> None:
    """Without a page in between."""
    departure = providers.start(provider, "return_to=%2Fkeys")
    providers.google_says() if provider == "google" else providers.github_says()
    arrival = providers.come_back(departure, provider)

    assert (departure.status, departure.events) == (303, ["authn_provider_start"])
    assert (arrival.status, arrival.result["headers"]["location"]) == (303, f"{SITE_URL}/keys")
    assert arrival.events == ["authn_login_success"]
    customer = owner_of(functions, session_of(arrival))
    assert (customer["email"], customer["name"]) == ("person@example.com", "Some Person")
    subject = "google#110169484474386276334" if provider == "google" else "github#583231"
    assert identity_keys(functions) == {"email#person@example.com", subject}


def test_no_token_of_a_provider_is_stored(functions: Lambdas, providers: EmulatedProviders) -> None:
    """OA-16: not in tables, logs, queues or responses. The fixture also searches for the client secret."""
    providers.github_says()
    providers.come_back(providers.start("github"), "github")
    departure = providers.start()
    providers.google_says(sub="5", email="other@example.com")
    id_token = providers.wire.answers[TOKEN_URLS["google"]]["id_token"]
    providers.come_back(departure)
    functions.people.known.add(id_token)

    left = json.dumps([functions.cloud.tables(), functions.cloud.queued(), functions.stream.getvalue(), functions.seen])
    assert [secret for secret in (*CANARIES, id_token) if secret in left] == []
    assert len(functions.cloud.tables()["UsersTable"]) == 2


def test_login_returns_to_a_local_comfyui(functions: Lambdas, providers: EmulatedProviders) -> None:
    """On its own port."""
    departure = providers.start("google", urlencode({"return_to": "http://LOCALHOST:8188/?x=1"}))
    providers.google_says()

    assert providers.come_back(departure).result["headers"]["location"] == "http://localhost:8188/?x=1"
    assert len(functions.cloud.tables()["SessionsTable"]) == 1


def test_a_state_cannot_be_replayed(functions: Lambdas, providers: EmulatedProviders) -> None:
    """Even with the same cookie."""
    departure = providers.start()
    providers.google_says()
    providers.come_back(departure)
    before = functions.cloud.tables()

    check_page(providers.come_back(departure), 400, errors.LoginExpired)
    assert functions.cloud.tables() == before


def test_a_state_expires_after_ten_minutes(functions: Lambdas, providers: EmulatedProviders) -> None:
    """Though its item is still in the table."""
    departure = providers.start()
    functions.clock.now = NOW + timedelta(minutes=10)

    check_page(providers.come_back(departure), 400, errors.LoginExpired)
    assert providers.wire.urls == []


def test_a_state_of_one_provider_is_refused_for_the_other(functions: Lambdas, providers: EmulatedProviders) -> None:
    departure = providers.start("google")
    providers.github_says()

    check_page(providers.come_back(departure, "github"), 400, errors.LoginExpired)
    assert (providers.wire.urls, identity_keys(functions)) == ([], set())


@pytest.mark.parametrize("cookies", [{}, {"__Host-oauth-00000000": "x" * 43}])
def test_a_callback_from_another_browser_is_refused(
    functions: Lambdas, providers: EmulatedProviders, cookies: dict[str, str]
) -> None:
    """It lacks the login's cookie; the browser that started still logs in."""
    departure = providers.start()
    providers.google_says()
    name = next(iter(providers.browser))

    check_page(providers.come_back(departure, cookies=cookies), 400, errors.CookiesBlocked)
    check_page(providers.come_back(departure, cookies={name: "y" * 43}), 400, errors.CookiesBlocked)
    assert identity_keys(functions) == set()
    assert providers.come_back(departure).status == 303


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        (
            "error=%3Cscript%3E&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E&error_uri=javascript:x",
            errors.ProviderUnavailable,
        ),
        ("code=a&iss=https%3A%2F%2Fevil.example", errors.ProviderNotTrusted),
        ("code=a&iss=https%3A%2F%2Fgithub.com%2Flogin%2Foauth", errors.ProviderNotTrusted),
        ("code=", errors.LoginExpired),
        ("x=1", errors.LoginExpired),
    ],
)
def test_a_callback_without_a_valid_code_is_refused(
    functions: Lambdas, providers: EmulatedProviders, query: str, kind: type[AccountsError]
) -> None:
    """Each with its own message, without text from the URL; the provider is not called."""
    departure = providers.start()
    answer = providers.callback("google", f"state={state_of(departure)}&{query}")

    unavailable = kind is errors.ProviderUnavailable
    check_page(answer, 503 if unavailable else 400, kind, retry_after="5" if unavailable else None)
    assert "script>alert" not in answer.result["body"]
    assert (providers.wire.urls, identity_keys(functions)) == ([], set())


def test_a_login_that_was_cancelled_at_the_provider_leads_back(
    functions: Lambdas, providers: EmulatedProviders
) -> None:
    """To the login page, which says so; it is logged as a failed login."""
    departure = providers.start()
    answer = providers.callback("google", f"state={state_of(departure)}&error=access_denied")

    assert answer.status == 303
    assert answer.result["headers"]["location"].startswith(f"{SITE_URL}/login?cancelled=google")
    assert answer.events == [errors.LoginDeclined.event]
    assert (providers.wire.urls, identity_keys(functions)) == ([], set())


def test_the_right_issuer_is_accepted(providers: EmulatedProviders) -> None:
    """RFC 9207, with all the parameters that Google adds."""
    departure = providers.start()
    providers.google_says()
    more = "iss=https%3A%2F%2Faccounts.google.com&scope=email+profile+openid&authuser=0&prompt=consent&hd="

    assert providers.callback("google", f"state={state_of(departure)}&code=a&{more}").status == 303


@pytest.mark.parametrize("query", ["state=a&state=b", "state=%ff", "code=a&code=b&state=x", "x" * 2049])
def test_an_ambiguous_query_is_refused_with_a_page(providers: EmulatedProviders, query: str) -> None:
    answer = providers.callback("google", query)

    assert (answer.status, answer.result["headers"]["content-type"]) == (400, "text/html; charset=utf-8")
    assert "<code>malformed_request</code>" in answer.result["body"]


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("google", TOKEN_URLS["google"]),
        ("google", GOOGLE_KEYS),
        ("github", TOKEN_URLS["github"]),
        ("github", GITHUB_USER),
        ("github", GITHUB_EMAILS),
    ],
)
@pytest.mark.parametrize("answer", [ProviderUnavailable(), (404, b"gone"), b"<html>", b"[" * 100_000])
def test_a_provider_that_is_down_is_a_503_as_a_page(
    functions: Lambdas, providers: EmulatedProviders, provider: str, url: str, answer: Any
) -> None:
    """With ``Retry-After``; an existing session stays live, and nothing is half-written."""
    functions.people.arrange()
    departure = providers.start(provider)
    providers.google_says()
    providers.github_says()
    providers.wire.answers[url] = answer
    before = {**functions.cloud.but_counters(), "OneTimeTokensTable": []}
    refused = providers.come_back(departure, provider, session=SAMPLE_TOKEN)

    check_page(refused, 503, ProviderUnavailable, retry_after="5")
    assert functions.cloud.but_counters() == before


def test_a_forged_id_token_is_refused_and_logged(functions: Lambdas, providers: EmulatedProviders) -> None:
    """With an event of its own, for an alarm."""
    departure = providers.start()
    providers.google_says(aud="another-client")

    check_page(providers.come_back(departure), 400, errors.ProviderNotTrusted)
    assert identity_keys(functions) == set()
