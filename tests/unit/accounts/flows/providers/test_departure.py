"""The redirect to the provider: what is stored, what is sent, and what a caller cannot choose (OA-01, OA-02, OA-18)."""

from copy import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts import secrets
from accounts.errors import (
    CredentialNotAccepted,
    OriginNotAllowed,
    ProviderOff,
    ReauthenticationRequired,
    TooManyAttempts,
    Unauthenticated,
    Unavailable,
)
from accounts.limits import OAUTH_STARTS_PER_ADDRESS_PER_MINUTE
from accounts.model.one_time_tokens import OneTimeToken
from tests.unit.accounts.flows.providers.stage import OAuthService, presented
from tests.unit.accounts.stage import EMAIL, NOW, OWNER, SITE_URL, STRANGER, key_credential, later


@pytest.mark.parametrize("provider", ["google", "github"])
def test_a_state_is_stored_with_everything_that_its_return_is_compared_with(
    service: OAuthService, provider: str
) -> None:
    """By digest, for ten minutes; the browser by digest too."""
    departure, state = service.start_login(provider, "/keys")

    [challenge] = [challenge for _, challenge in service.providers.by_name[provider].sent]
    assert service.states() == [
        OneTimeToken(
            purpose="oauth-state",
            digest=secrets.digest(state),
            subject=provider,
            issued_at=NOW,
            expires_at=NOW + timedelta(minutes=10),
            data={
                "verifier": challenge.verifier,
                "nonce": challenge.nonce,
                "return_url": f"{SITE_URL}/keys",
                "browser": secrets.digest(departure.browser),
                "intent": "sign-in",
                "session": "",
            },
        )
    ]
    assert departure.url == f"https://{provider}.example/authorize?state={state}"
    assert departure.state_id == secrets.digest(state)[:8]


def test_every_secret_of_a_departure_is_new_and_has_256_bits(service: OAuthService) -> None:
    """State, browser, verifier and nonce: 43 characters each, never reused."""
    secrets_used = []
    for _ in range(5):
        departure, state = service.start_login()
        challenge = service.providers.by_name["google"].sent[-1][1]
        secrets_used += [departure.browser, state, challenge.verifier, challenge.nonce]

    assert len(set(secrets_used)) == 20
    assert {len(secret) for secret in secrets_used} == {43}


def test_neither_state_nor_browser_is_stored_or_printed(service: OAuthService) -> None:
    """Only their digests, so that the table alone does not let an attacker finish a login."""
    departure, state = service.start_login()
    stored = repr(service.world)

    assert [secret in stored for secret in (state, departure.browser)] == [False, False]
    assert repr(departure) == f"Departure(state_id='{departure.state_id}')"


@pytest.mark.parametrize(
    "return_to", ["//evil.com", "https://evil.com", "/\\evil.com", "javascript:alert(1)", "http://10.0.0.1"]
)
def test_a_departure_with_a_foreign_return_address_is_refused(service: OAuthService, return_to: str) -> None:
    """Before anything is counted or stored."""
    with pytest.raises(OriginNotAllowed):
        service.start_login(return_to=return_to)

    assert (service.states(), service.world.counters) == ([], {})


@pytest.mark.parametrize("provider", ["facebook", "", "Google", "google/", "../github", "\ud800"])
def test_a_provider_that_is_not_set_up_is_refused(service: OAuthService, provider: str) -> None:
    """Names are compared exactly."""
    with pytest.raises(ProviderOff):
        service.provider_departure.login(provider, "", OWNER, NOW)

    assert (service.states(), service.world.counters) == ([], {})


def test_one_address_may_start_so_many_logins_a_minute(service: OAuthService) -> None:
    """The next is refused until the minute is over; other addresses are not affected."""
    for _ in range(OAUTH_STARTS_PER_ADDRESS_PER_MINUTE):
        service.start_login()
    with pytest.raises(TooManyAttempts) as refused:
        service.start_login()
    service.start_login(caller=STRANGER)
    service.provider_departure.login("google", "", OWNER, later(minutes=1))

    assert refused.value.retry_after == 60
    assert len(service.states()) == OAUTH_STARTS_PER_ADDRESS_PER_MINUTE + 2


def test_an_account_starts_twenty_links_a_day(service: OAuthService) -> None:
    """From any address. Each link and each unlinking is an audit record."""
    credential = presented(service.person())
    sources = [replace(OWNER, source=f"2001:db8:{number:x}::/64") for number in range(21)]
    for source in sources[:20]:
        service.provider_departure.link("github", "/account", credential, source, NOW)
    with pytest.raises(TooManyAttempts) as refused:
        service.provider_departure.link("github", "/account", credential, sources[20], NOW)

    assert refused.value.retry_after == 12 * 60 * 60
    assert len(service.states()) == 20
    service.start_login("github")


def test_no_login_starts_when_its_state_cannot_be_stored(service: OAuthService) -> None:
    """Fail closed."""
    service.world.down = True
    with pytest.raises(Unavailable):
        service.start_login()

    assert service.world.tokens == {}


def test_a_link_is_stored_with_the_session_that_asked(service: OAuthService) -> None:
    """Only that session can finish it."""
    person = service.person()
    service.start_linking(presented(person), "github")
    [state] = service.states()

    assert (state.subject, state.data["intent"], state.data["session"], state.data["return_url"]) == (
        "github",
        "link",
        person.session.digest,
        f"{SITE_URL}/account",
    )


def test_linking_needs_a_login_of_the_last_15_minutes(service: OAuthService) -> None:
    """An unattended browser must not be enough to add an identity for an attacker."""
    person = service.person()
    service.provider_departure.link("google", "", presented(person), OWNER, later(minutes=15))
    with pytest.raises(ReauthenticationRequired):
        service.provider_departure.link("google", "", presented(person), OWNER, later(minutes=15, seconds=1))

    assert len(service.states()) == 1


@pytest.mark.parametrize("what", ["nothing", "unknown", "ended", "key"])
def test_linking_needs_a_session(service: OAuthService, what: str) -> None:
    """An API key is not enough."""
    person = service.person()
    credentials: dict[str, Any] = {
        "nothing": None,
        "unknown": replace(presented(person), secret="x" * 43),
        "ended": presented(person),
        "key": key_credential(service.key(person).plaintext),
    }
    if what == "ended":
        service.logout.here(presented(person), OWNER, NOW)
    with pytest.raises(CredentialNotAccepted if what == "key" else Unauthenticated):
        service.provider_departure.link("google", "", credentials[what], OWNER, NOW)

    assert service.states() == []


def test_a_departure_does_not_reveal_who_has_an_account(service: OAuthService) -> None:
    """It reads no account."""
    service.person(EMAIL)
    service.world.reads.clear()
    service.start_login()

    assert service.world.reads == []
