"""Out to the provider: what is kept here, what goes along, and what a caller has no say in (OA-01, OA-02, OA-18)."""

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
from accounts.model.one_time_tokens import OneTimeToken
from tests.unit.accounts.flows.providers.stage import OAuthService, presented
from tests.unit.accounts.stage import EMAIL, NOW, OWNER, SITE_URL, STRANGER, key_credential, later


@pytest.mark.parametrize("provider", ["google", "github"])
def test_a_state_is_kept_with_all_that_its_return_is_compared_with(service: OAuthService, provider: str) -> None:
    """By digest, for ten minutes; the browser by digest too."""
    departure, state = service.leave(provider, "/keys")

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
    """State, browser, verifier and nonce: 43 characters each, none ever used twice or for another."""
    made = []
    for _ in range(5):
        departure, state = service.leave()
        challenge = service.providers.by_name["google"].sent[-1][1]
        made += [departure.browser, state, challenge.verifier, challenge.nonce]

    assert len(set(made)) == 20
    assert {len(secret) for secret in made} == {43}


def test_neither_state_nor_browser_is_stored_or_printed(service: OAuthService) -> None:
    """Only their digests: who reads the table cannot finish anybody's sign-in."""
    departure, state = service.leave()
    stored = repr(service.world)

    assert [secret in stored for secret in (state, departure.browser)] == [False, False]
    assert repr(departure) == f"Departure(state_id='{departure.state_id}')"


@pytest.mark.parametrize(
    "return_to", ["//evil.com", "https://evil.com", "/\\evil.com", "javascript:alert(1)", "http://10.0.0.1"]
)
def test_nobody_leaves_who_could_not_come_back_to_a_place_of_ours(service: OAuthService, return_to: str) -> None:
    """Refused before anything is counted or kept."""
    with pytest.raises(OriginNotAllowed):
        service.leave(return_to=return_to)

    assert (service.states(), service.world.counters) == ([], {})


@pytest.mark.parametrize("provider", ["facebook", "", "Google", "google/", "../github", "\ud800"])
def test_a_provider_that_is_not_set_up_is_refused(service: OAuthService, provider: str) -> None:
    """By name, to the letter."""
    with pytest.raises(ProviderOff):
        service.provider_departure.login(provider, "", OWNER, NOW)

    assert (service.states(), service.world.counters) == ([], {})


def test_thirty_departures_a_minute_are_the_most_from_one_address(service: OAuthService) -> None:
    """The next is refused until the minute is over; others are not touched."""
    for _ in range(30):
        service.leave()
    with pytest.raises(TooManyAttempts) as refused:
        service.leave()
    service.leave(caller=STRANGER)
    service.provider_departure.login("google", "", OWNER, later(minutes=1))

    assert refused.value.retry_after == 60
    assert len(service.states()) == 32


def test_nothing_leaves_when_the_state_cannot_be_kept(service: OAuthService) -> None:
    """Fail closed."""
    service.world.down = True
    with pytest.raises(Unavailable):
        service.leave()

    assert service.world.tokens == {}


def test_linking_is_kept_with_the_session_that_asked(service: OAuthService) -> None:
    """It alone will be able to finish."""
    person = service.person()
    service.leave_to_link(presented(person), "github")
    [state] = service.states()

    assert (state.subject, state.data["intent"], state.data["session"], state.data["return_url"]) == (
        "github",
        "link",
        person.session.digest,
        f"{SITE_URL}/account",
    )


def test_linking_needs_a_log_in_of_the_last_quarter_of_an_hour(service: OAuthService) -> None:
    """An unattended browser must not be enough to plant a second way in."""
    person = service.person()
    service.provider_departure.link("google", "", presented(person), OWNER, later(minutes=15))
    with pytest.raises(ReauthenticationRequired):
        service.provider_departure.link("google", "", presented(person), OWNER, later(minutes=15, seconds=1))

    assert len(service.states()) == 1


@pytest.mark.parametrize("what", ["nothing", "made up", "ended", "key"])
def test_linking_needs_a_session(service: OAuthService, what: str) -> None:
    """Nothing less, and an API key is less."""
    person = service.person()
    credentials: dict[str, Any] = {
        "nothing": None,
        "made up": replace(presented(person), secret="x" * 43),
        "ended": presented(person),
        "key": key_credential(service.key(person).plaintext),
    }
    if what == "ended":
        service.logout.here(presented(person), OWNER, NOW)
    with pytest.raises(CredentialNotAccepted if what == "key" else Unauthenticated):
        service.provider_departure.link("google", "", credentials[what], OWNER, NOW)

    assert service.states() == []


def test_a_departure_tells_nobody_who_has_an_account(service: OAuthService) -> None:
    """It reads no account, whoever is or is not known here."""
    service.person(EMAIL)
    service.world.reads.clear()
    service.leave()

    assert service.world.reads == []
