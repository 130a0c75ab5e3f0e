"""Re-authentication through Google or GitHub: the same account, and only for the session that asked."""

import pytest

from accounts.errors import (
    IdentityNotLinked,
    LoginExpired,
    OriginNotAllowed,
    ReauthenticationRequired,
    Unauthenticated,
)
from accounts.flows.people.session_opening import LoggedIn
from accounts.flows.providers.provider_login import Arrival, Departure
from tests.unit.accounts.flows.providers.stage import OAuthService, presented, provider_person, tables_of
from tests.unit.accounts.stage import NOW, OWNER, STRANGER, cookie, held, later

OLIVE = provider_person("google", "1001")
OSCAR = provider_person("google", "2002", "oscar@example.com")


def start(service: OAuthService, logged_in: LoggedIn, minutes: float = 30) -> tuple[Departure, str]:
    """Depart for the provider half an hour after the login."""
    departure = service.provider_departure.reauthenticate(
        "google", "/api-keys", presented(logged_in), OWNER, later(minutes=minutes)
    )
    return departure, service.providers.by_name["google"].sent[-1][0]


def finish(service: OAuthService, started: tuple[Departure, str], logged_in: LoggedIn | None) -> Arrival:
    """Return in a browser that holds that session."""
    return service.finish(started, presented=presented(logged_in) if logged_in else None, now=later(minutes=31))


def test_a_fresh_session_replaces_the_old_one(service: OAuthService) -> None:
    """And returns to the page that asked."""
    logged_in = service.log_in_with(OLIVE)
    with pytest.raises(ReauthenticationRequired):
        service.key(logged_in, now=later(minutes=30))
    arrival = finish(service, start(service, logged_in), logged_in)

    assert arrival.logged_in is not None
    assert arrival.return_url.endswith("/api-keys")
    assert held(service, logged_in) == {arrival.logged_in.session.digest}
    assert service.key(arrival.logged_in, now=later(minutes=32))


def test_a_password_session_becomes_fresh_through_a_linked_identity(service: OAuthService) -> None:
    """Any identity of the account works; "remember me" is kept."""
    service.person()
    logged_in = service.log_in(remember=True)
    service.link(OLIVE, presented(logged_in))
    arrival = finish(service, start(service, logged_in), logged_in)

    assert arrival.logged_in is not None
    assert (arrival.logged_in.session.method, arrival.logged_in.session.remembered) == ("google", True)


@pytest.mark.parametrize("others", ["unknown here", "another account's"])
def test_another_person_is_refused(service: OAuthService, others: str) -> None:
    """A colleague who is logged in at the provider refreshes nothing and gets no session and no account."""
    if others == "another account's":
        service.log_in_with(OSCAR)
    logged_in = service.log_in_with(OLIVE)
    service.says(OSCAR)
    started = start(service, logged_in)
    before = tables_of(service)
    with pytest.raises(IdentityNotLinked):
        finish(service, started, logged_in)

    after = tables_of(service)
    assert after["records"] == before["records"]
    assert held(service, logged_in) == {logged_in.session.digest}
    assert len(service.world.users) == (2 if others == "another account's" else 1)


def test_an_equal_address_is_not_enough(service: OAuthService) -> None:
    """An unlinked identity with the same mailbox is refused, and is not linked."""
    logged_in = service.person()
    service.says(OLIVE)
    with pytest.raises(IdentityNotLinked):
        finish(service, start(service, logged_in), logged_in)

    assert set(service.world.identities) == {f"email#{OLIVE.email}"}


def test_only_the_session_that_asked_gets_the_answer(service: OAuthService) -> None:
    """After a logout, or with another session of the owner or of another account: refused (RFC 9700 4.7)."""
    logged_in = service.log_in_with(OLIVE)
    another = service.log_in_with(OLIVE)
    for whose in (None, another):
        with pytest.raises(Unauthenticated):
            finish(service, start(service, logged_in), whose)
    started = start(service, logged_in)
    service.logout.here(cookie(logged_in), OWNER, later(minutes=30))
    with pytest.raises(Unauthenticated):
        finish(service, started, logged_in)


def test_reauthentication_needs_a_session_and_an_allowed_return_address(service: OAuthService) -> None:
    logged_in = service.log_in_with(OLIVE)
    with pytest.raises(Unauthenticated):
        service.provider_departure.reauthenticate("google", "/", None, STRANGER, NOW)
    with pytest.raises(OriginNotAllowed):
        service.provider_departure.reauthenticate("google", "https://evil.example/", presented(logged_in), OWNER, NOW)

    assert service.states() == []


def test_the_answer_works_once(service: OAuthService) -> None:
    """The state is consumed."""
    logged_in = service.log_in_with(OLIVE)
    started = start(service, logged_in)
    finish(service, started, logged_in)

    with pytest.raises(LoginExpired):
        finish(service, started, logged_in)
