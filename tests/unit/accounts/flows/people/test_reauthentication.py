"""Re-authentication by password: a stale session is replaced by a fresh one of the same account."""

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
    Interleaved,
    Service,
    cookie,
    counted,
    held,
    key_credential,
    later,
)


def again(service: Service, logged_in: LoggedIn, password: str = PASSWORD, minutes: float = 30) -> LoggedIn:
    """Half an hour after the login, the owner enters the password again."""
    return service.reauthentication.with_password(cookie(logged_in), password, OWNER, later(minutes=minutes))


def test_a_fresh_session_replaces_the_old_one(service: Service) -> None:
    """A new token, the old one invalid, and steps that need a recent login work (SE-03, SE-12)."""
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
def test_the_new_session_is_remembered_if_the_old_one_was(service: Service, *, remember: bool) -> None:
    """The choice made on this device is kept."""
    service.person()
    fresh = again(service, service.log_in(remember=remember))

    assert fresh.session.remembered is remember


def test_a_full_account_ends_no_other_session(service: Service) -> None:
    """One session is replaced by one."""
    logged_in = service.person()
    for _ in range(49):
        service.log_in()
    before = held(service, logged_in)
    fresh = again(service, logged_in)

    assert held(service, fresh) == before - {logged_in.session.digest} | {fresh.session.digest}


def test_a_wrong_password_keeps_the_session_as_it_is(service: Service) -> None:
    """Still logged in, not fresh; it counts like any guess (TH-06)."""
    logged_in = service.person()
    with pytest.raises(InvalidCredentials):
        again(service, logged_in, OTHER_PASSWORD)

    assert held(service, logged_in) == {logged_in.session.digest}
    assert counted(service) == {"streak": 1}


def test_guesses_are_limited(service: Service) -> None:
    """Five are free; the sixth costs no hash."""
    logged_in = service.person()
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            again(service, logged_in, OTHER_PASSWORD)
    service.hasher.calls = 0
    with pytest.raises(TooManyAttempts):
        again(service, logged_in)

    assert service.hasher.calls == 0


def test_an_ended_session_is_refused(service: Service) -> None:
    """The owner must log in; no hash is computed."""
    logged_in = service.person()
    service.logout.here(cookie(logged_in), OWNER, NOW)
    with pytest.raises(Unauthenticated):
        again(service, logged_in)

    assert service.hasher.calls == 0


def test_a_key_is_not_a_session(service: Service) -> None:
    """Nor can it become one."""
    with pytest.raises(CredentialNotAccepted):
        service.reauthentication.with_password(key_credential(NO_KEY), PASSWORD, OWNER, NOW)


def test_an_account_without_a_password_is_refused(service: Service) -> None:
    """It can use its provider or set a password."""
    logged_in = service.person()
    service.change_identity(password_hash=None)
    with pytest.raises(PasswordMissing):
        again(service, logged_in)


def test_an_address_that_moved_to_another_account_is_refused(service: Service) -> None:
    """It moved while the password was checked: refused, whatever the password."""
    logged_in = service.person()
    service.interposed = Interleaved(service.world, lambda: service.change_identity(user_id="another account"))
    with pytest.raises(InvalidCredentials):
        again(service, logged_in)

    assert held(service, logged_in) == {logged_in.session.digest}


def test_a_concurrent_logout_does_not_prevent_the_new_session(service: Service) -> None:
    """The owner entered the password, and gets the session that a login would open."""
    logged_in = service.person()
    other = Service(service.world, service.hasher)
    service.interposed = Interleaved(
        service.world, lambda: other.logout_everywhere.everywhere(cookie(logged_in), OWNER, NOW)
    )
    fresh = again(service, logged_in)

    assert held(service, fresh) == {fresh.session.digest}
    assert fresh.identity.email == EMAIL
