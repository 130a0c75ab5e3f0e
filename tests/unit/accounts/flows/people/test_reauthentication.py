"""Proving again who one is: a stale session becomes a fresh one, of the same person, by the password."""

import pytest

from accounts.errors import (
    CredentialNotAccepted,
    InvalidCredentials,
    PasswordMissing,
    ReauthenticationRequired,
    TooManyAttempts,
    Unauthenticated,
)
from accounts.flows.people.session_opening import LoggedIn
from tests.unit.accounts.stage import (
    EMAIL,
    NO_KEY,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    Meanwhile,
    Service,
    cookie,
    counted,
    held,
    key_credential,
    later,
)


def again(service: Service, logged_in: LoggedIn, password: str = PASSWORD, minutes: float = 30) -> LoggedIn:
    """Half an hour after the log-in, the person proves it again."""
    return service.reauthentication.with_password(cookie(logged_in), password, OWNER, later(minutes=minutes))


def test_a_fresh_session_takes_the_place_of_the_old_one(service: Service) -> None:
    """Another token, the old one dead, and what wanted a recent log-in goes through (SE-03, SE-12)."""
    logged_in = service.person()
    with pytest.raises(ReauthenticationRequired):
        service.key(logged_in, now=later(minutes=30))
    fresh = again(service, logged_in)

    assert held(service, logged_in) == {fresh.session.digest}
    assert fresh.token != logged_in.token
    assert service.key(fresh, now=later(minutes=31))
    with pytest.raises(Unauthenticated):
        service.account_lookup.of(cookie(logged_in), later(minutes=31))


@pytest.mark.parametrize("remember", [True, False])
def test_it_is_remembered_if_the_old_one_was(service: Service, *, remember: bool) -> None:
    """What the person chose on this device goes on."""
    service.person()
    fresh = again(service, service.log_in(remember=remember))

    assert fresh.session.remembered is remember


def test_a_full_account_stays_full(service: Service) -> None:
    """One goes, one comes: no other device is logged out for it."""
    logged_in = service.person()
    for _ in range(49):
        service.log_in()
    before = held(service, logged_in)
    fresh = again(service, logged_in)

    assert held(service, fresh) == before - {logged_in.session.digest} | {fresh.session.digest}


def test_a_wrong_password_leaves_the_session_as_it_is(service: Service) -> None:
    """Logged in still, as little fresh as before; it counts like any guess (TH-06)."""
    logged_in = service.person()
    with pytest.raises(InvalidCredentials):
        again(service, logged_in, OTHER_PASSWORD)

    assert held(service, logged_in) == {logged_in.session.digest}
    assert counted(service) == {"streak": 1, "password/60": 1, "password/3600": 1}


def test_guesses_wait(service: Service) -> None:
    """Five are free; the sixth costs no hash."""
    logged_in = service.person()
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            again(service, logged_in, OTHER_PASSWORD)
    service.hasher.calls = 0
    with pytest.raises(TooManyAttempts):
        again(service, logged_in)

    assert service.hasher.calls == 0


def test_a_dead_session_is_not_brought_back(service: Service) -> None:
    """Who was logged out logs in; no hash is spent."""
    logged_in = service.person()
    service.logout.here(cookie(logged_in), OWNER, NOW)
    with pytest.raises(Unauthenticated):
        again(service, logged_in)

    assert service.hasher.calls == 0


def test_a_key_is_no_session(service: Service) -> None:
    """Nor can it become one."""
    with pytest.raises(CredentialNotAccepted):
        service.reauthentication.with_password(key_credential(NO_KEY), PASSWORD, OWNER, NOW)


def test_an_account_without_a_password_is_sent_elsewhere(service: Service) -> None:
    """It has a provider to ask, or sets one."""
    logged_in = service.person()
    service.change_identity(password_hash=None)
    with pytest.raises(PasswordMissing):
        again(service, logged_in)


def test_nobody_becomes_somebody_else_by_it(service: Service) -> None:
    """The address went to another account while the password was checked: refused, whatever the password."""
    logged_in = service.person()
    service.interposed = Meanwhile(service.world, lambda: service.change_identity(user_id="another account"))
    with pytest.raises(InvalidCredentials):
        again(service, logged_in)

    assert held(service, logged_in) == {logged_in.session.digest}


def test_who_was_logged_out_meanwhile_has_still_proven_who_they_are(service: Service) -> None:
    """They have the password: they get the session that a log-in would give them."""
    logged_in = service.person()
    other = Service(service.world, service.hasher)
    service.interposed = Meanwhile(
        service.world, lambda: other.logout_everywhere.everywhere(cookie(logged_in), OWNER, NOW)
    )
    fresh = again(service, logged_in)

    assert held(service, fresh) == {fresh.session.digest}
    assert fresh.identity.email == EMAIL
