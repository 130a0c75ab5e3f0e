"""Being sure of a person again through Google or GitHub: the same account, the session that asked, nobody else."""

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
from tests.unit.accounts.flows.providers.stage import OAuthService, presented, somebody, tables_of
from tests.unit.accounts.stage import NOW, OWNER, STRANGER, cookie, held, later

OLIVE = somebody("google", "1001")
OSCAR = somebody("google", "2002", "oscar@example.com")


def leave(service: OAuthService, logged_in: LoggedIn, minutes: float = 30) -> tuple[Departure, str]:
    """Half an hour after the log-in, off to the provider."""
    departure = service.provider_departure.reauthenticate(
        "google", "/api-keys", presented(logged_in), OWNER, later(minutes=minutes)
    )
    return departure, service.providers.by_name["google"].sent[-1][0]


def back(service: OAuthService, left: tuple[Departure, str], logged_in: LoggedIn | None) -> Arrival:
    """And back, in a browser that holds that session."""
    return service.come_back(left, presented=presented(logged_in) if logged_in else None, now=later(minutes=31))


def test_a_fresh_session_takes_the_place_of_the_old_one(service: OAuthService) -> None:
    """And the person is back where they were."""
    logged_in = service.log_in_with(OLIVE)
    with pytest.raises(ReauthenticationRequired):
        service.key(logged_in, now=later(minutes=30))
    arrival = back(service, leave(service, logged_in), logged_in)

    assert arrival.logged_in is not None
    assert arrival.return_url.endswith("/api-keys")
    assert held(service, logged_in) == {arrival.logged_in.session.digest}
    assert service.key(arrival.logged_in, now=later(minutes=32))


def test_a_password_session_becomes_fresh_through_a_linked_login(service: OAuthService) -> None:
    """Any way in that the account has; remembered if the session was."""
    service.person()
    logged_in = service.log_in(remember=True)
    service.link(OLIVE, presented(logged_in))
    arrival = back(service, leave(service, logged_in), logged_in)

    assert arrival.logged_in is not None
    assert (arrival.logged_in.session.method, arrival.logged_in.session.remembered) == ("google", True)


@pytest.mark.parametrize("others", ["unknown here", "another account's"])
def test_somebody_else_is_refused(service: OAuthService, others: str) -> None:
    """A colleague at the provider's page makes nothing fresh, opens nothing, and makes no account."""
    if others == "another account's":
        service.log_in_with(OSCAR)
    logged_in = service.log_in_with(OLIVE)
    service.says(OSCAR)
    left = leave(service, logged_in)
    before = tables_of(service)
    with pytest.raises(IdentityNotLinked):
        back(service, left, logged_in)

    after = tables_of(service)
    assert after["records"] == before["records"]
    assert held(service, logged_in) == {logged_in.session.digest}
    assert len(service.world.users) == (2 if others == "another account's" else 1)


def test_an_address_alone_makes_nobody_sure(service: OAuthService) -> None:
    """The same mailbox, a login that is not linked: it is not linked by the way either."""
    logged_in = service.person()
    service.says(OLIVE)
    with pytest.raises(IdentityNotLinked):
        back(service, leave(service, logged_in), logged_in)

    assert set(service.world.identities) == {f"email#{OLIVE.email}"}


def test_only_the_session_that_asked_gets_the_answer(service: OAuthService) -> None:
    """Logged out meanwhile, another session of the same person, another person's: refused (RFC 9700 4.7)."""
    logged_in = service.log_in_with(OLIVE)
    another = service.log_in_with(OLIVE)
    for whose in (None, another):
        with pytest.raises(Unauthenticated):
            back(service, leave(service, logged_in), whose)
    left = leave(service, logged_in)
    service.logout.here(cookie(logged_in), OWNER, later(minutes=30))
    with pytest.raises(Unauthenticated):
        back(service, left, logged_in)


def test_nobody_leaves_without_a_session(service: OAuthService) -> None:
    """Nor to a site that is not on the list."""
    logged_in = service.log_in_with(OLIVE)
    with pytest.raises(Unauthenticated):
        service.provider_departure.reauthenticate("google", "/", None, STRANGER, NOW)
    with pytest.raises(OriginNotAllowed):
        service.provider_departure.reauthenticate("google", "https://evil.example/", presented(logged_in), OWNER, NOW)

    assert service.states() == []


def test_the_answer_counts_once(service: OAuthService) -> None:
    """The state is used up."""
    logged_in = service.log_in_with(OLIVE)
    left = leave(service, logged_in)
    back(service, left, logged_in)

    with pytest.raises(LoginExpired):
        back(service, left, logged_in)
