"""The last step of every login: at most fifty sessions, and no presented session outlives it."""

from datetime import timedelta

import pytest

from accounts.errors import InvalidCredentials, Unavailable
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import held_keys, users
from accounts.model.sessions import Session
from accounts.transactions import Conflict
from tests.unit.accounts.stage import NOW, OWNER, Interleaved, Service, held, later


def fill(service: Service, logged_in: LoggedIn, count: int) -> list[Session]:
    """That many sessions of the account; the one started at NOW + n minutes ends that much later."""
    service.world.sessions.clear()
    service.world.user(logged_in.session.user_id, sessions={})
    return [open_one(service, logged_in, timedelta(minutes=number)) for number in range(count)]


def open_one(service: Service, logged_in: LoggedIn, at: timedelta, *, remember: bool = False) -> Session:
    """One more session of that account."""
    new = service.session_opening.begin(
        logged_in.identity, method="password", remember=remember, caller=OWNER, now=NOW + at
    )
    service.session_opening.open(new.session)
    return new.session


def test_the_fiftieth_session_ends_none(service: Service) -> None:
    """The cap is the number that an account may hold."""
    logged_in = service.person()
    opened = fill(service, logged_in, 50)

    assert held(service, logged_in) == {session.digest for session in opened}


def test_the_fifty_first_session_replaces_the_one_that_would_expire_first(service: Service) -> None:
    """No other (SE-16)."""
    logged_in = service.person()
    opened = fill(service, logged_in, 50)
    latest = open_one(service, logged_in, timedelta(minutes=50))

    assert held(service, logged_in) == {session.digest for session in [*opened[1:], latest]}


def test_remembered_sessions_are_not_replaced_first(service: Service) -> None:
    """An older one that would live longer is kept."""
    logged_in = service.person()
    service.world.sessions.clear()
    service.world.user(logged_in.session.user_id, sessions={})
    remembered = open_one(service, logged_in, timedelta(0), remember=True)
    others = [open_one(service, logged_in, timedelta(minutes=number)) for number in range(1, 50)]
    latest = open_one(service, logged_in, timedelta(minutes=50))

    assert held(service, logged_in) == {session.digest for session in [remembered, *others[1:], latest]}


def test_expired_sessions_are_removed_first(service: Service) -> None:
    """All of them at once, and no live one."""
    logged_in = service.person()
    opened = fill(service, logged_in, 50)
    latest = open_one(service, logged_in, timedelta(hours=24, minutes=9))

    assert held(service, logged_in) == {session.digest for session in [*opened[10:], latest]}


def test_the_cap_holds_under_concurrent_logins(service: Service) -> None:
    """The account changed after it was read, so room is computed again; never fifty-one (SE-16)."""
    logged_in = service.person()
    fill(service, logged_in, 50)
    rival = Service(service.world)
    service.interposed = Interleaved(
        service.world, lambda: open_one(rival, logged_in, timedelta(hours=2, minutes=rivals.pop())), times=3
    )
    rivals = [1, 2, 3]
    latest = open_one(service, logged_in, timedelta(hours=3))

    assert len(held(service, logged_in)) == 50
    assert latest.digest in held(service, logged_in)
    assert rivals == []


def test_an_account_that_keeps_changing_is_unavailable(service: Service) -> None:
    """Retries are limited: the caller is asked to retry, and nothing is half-written."""
    logged_in = service.person()
    opened = fill(service, logged_in, 50)
    user_id = logged_in.session.user_id
    service.interposed = Interleaved(service.world, lambda: service.world.user(user_id, name="Olive"), times=1000)
    with pytest.raises(Unavailable):
        open_one(service, logged_in, timedelta(hours=1))

    assert held(service, logged_in) == {session.digest for session in opened}


@pytest.mark.parametrize("full", [False, True])
def test_a_disabled_account_gets_no_session(service: Service, *, full: bool) -> None:
    """Whether it had room or not."""
    logged_in = service.person()
    fill(service, logged_in, 50 if full else 0)
    service.world.user(logged_in.session.user_id, status=users.DISABLED)
    before = held(service, logged_in)
    with pytest.raises(InvalidCredentials):
        open_one(service, logged_in, timedelta(hours=1))

    assert held(service, logged_in) == before


def test_a_deleted_account_gets_no_session(service: Service) -> None:
    """Its password was right a moment ago."""
    logged_in = service.person()
    service.world.users.clear()
    service.world.sessions.clear()
    with pytest.raises(InvalidCredentials):
        open_one(service, logged_in, timedelta(0))

    assert service.world.sessions == {}


@pytest.mark.parametrize("count", [0, 50])
def test_changes_of_the_flow_are_written_with_the_session_or_not_at_all(service: Service, count: int) -> None:
    """The flow handles their refusal, with room or without."""
    logged_in = service.person()
    fill(service, logged_in, count)
    before = held(service, logged_in)
    new = service.session_opening.begin(
        logged_in.identity, method="password", remember=False, caller=OWNER, now=later(hours=1)
    )
    refused = held_keys.DropKey(logged_in.session.user_id, "no such key")
    with pytest.raises(Conflict) as conflict:
        service.session_opening.open(new.session, refused)

    assert conflict.value.concerns(held_keys.DropKey)
    assert held(service, logged_in) == before


def test_no_presented_session_is_not_looked_up(service: Service) -> None:
    """The table is not read."""
    service.person()

    assert service.session_opening.presented(None) is None
    assert service.world.reads == []
