"""Races of resets, password changes and re-authentications in which all read before any writes. One wins."""

from collections.abc import Callable
from copy import replace
from itertools import count
from typing import Any

import pytest

from accounts.errors import InvalidCredentials, InvalidLink
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import FREE_FAILURES
from accounts.model.audit import Caller
from accounts.model.identities import email_key
from tests.contract.backends import Backend
from tests.contract.races import MeetBeforeWrite, Meeting, OvertakenAtWrite, kinds, three_times, together
from tests.contract.samples import NOW, an_address
from tests.contract.stories import NEW_PASSWORD, PASSWORD, Person, Stories, caller

WRONG = "not the password of anybody"
_sources = count(1000)


def meeting(backend: Backend, parties: int) -> Stories:
    """Stories in which ``parties`` threads have all read before any of them writes."""
    return Stories(backend, {"transactions": MeetBeforeWrite(backend.transactions, Meeting(parties))})


def overtaken(backend: Backend, meanwhile: Callable[[], Any]) -> Stories:
    """Stories in which ``meanwhile`` runs before their first write."""
    return Stories(backend, {"transactions": OvertakenAtWrite(backend.transactions, meanwhile)})


def somewhere() -> Caller:
    """An unused source address, so that tests do not share limits."""
    return caller(next(_sources))


def reset(stories: Stories, token: str, password: str = NEW_PASSWORD) -> str:
    return stories.password_reset.reset(token, password, somewhere(), NOW).user_id


def change(stories: Stories, person: Person, new: str, current: str = PASSWORD) -> str:
    return stories.password_change.change(stories.session(person), current, new, somewhere(), NOW)


def change_email(stories: Stories, person: Person, token: str) -> Any:
    """Confirm the account's new email."""
    return stories.email_change.confirm(stories.session(person), token, somewhere(), NOW)


def again(stories: Stories, person: Person, password: str = PASSWORD) -> LoggedIn:
    """Re-authenticate with the password."""
    return stories.reauthentication.with_password(stories.session(person), password, somewhere(), NOW)


def log_in(stories: Stories, person: Person, password: str = PASSWORD) -> LoggedIn:
    """Log in from an unknown browser."""
    logged_in: LoggedIn = stories.log_in(person, next(_sources), password=password)
    return logged_in


def opens(stories: Stories, person: Person, password: str) -> bool:
    """Whether the password logs in to the account."""
    try:
        return isinstance(log_in(stories, person, password), LoggedIn)
    except InvalidCredentials:
        return False


@three_times
@pytest.mark.parametrize("links", [1, 2])
def test_of_two_concurrent_resets_one_sets_its_password(racetrack: Backend, links: int) -> None:
    """The other gets InvalidLink; its password does not work and no event is recorded (TK-02, TK-04)."""
    stories = Stories(racetrack)
    person = stories.person(live_sessions=2)
    tokens, racing = [stories.reset_link(person) for _ in range(links)], meeting(racetrack, 2)
    outcomes = together(2, lambda n: reset(racing, tokens[n % links], f"{NEW_PASSWORD} {n}"))
    won = outcomes.index(person.user_id)

    assert kinds(outcomes) == {"InvalidLink": 1, "str": 1}
    assert [entry["event"] for entry in racetrack.history(person.user_id)] == ["authn_password_change"]
    assert stories.held_and_stored(person.user_id) == (set(), set())
    assert not opens(stories, person, f"{NEW_PASSWORD} {1 - won}")
    assert not opens(stories, person, PASSWORD)
    assert opens(stories, person, f"{NEW_PASSWORD} {won}")


def test_a_link_that_is_used_before_the_write_is_invalid(backend: Backend) -> None:
    """Another reset runs between read and write."""
    stories = Stories(backend)
    person = stories.person()
    token = stories.reset_link(person)
    late = overtaken(backend, lambda: reset(stories, token, NEW_PASSWORD))

    with pytest.raises(InvalidLink):
        reset(late, token, f"{NEW_PASSWORD} too late")
    assert len(backend.history(person.user_id)) == 1
    assert not opens(stories, person, f"{NEW_PASSWORD} too late")
    assert opens(stories, person, NEW_PASSWORD)


@three_times
def test_of_a_concurrent_reset_and_password_change_one_wins(racetrack: Backend) -> None:
    """The loser finds a dead link or a wrong password."""
    stories = Stories(racetrack)
    person = stories.person(live_sessions=3)
    token, racing = stories.reset_link(person), meeting(racetrack, 2)
    work: tuple[Callable[[], Any], ...] = (
        lambda: reset(racing, token, "by the reset, of course"),
        lambda: change(racing, person, "by the change, then"),
    )
    by_reset, by_change = together(2, lambda n: work[n]())
    held, stored = stories.held_and_stored(person.user_id)

    assert held == stored
    assert len(racetrack.history(person.user_id)) == 1
    if by_reset == person.user_id:
        assert (type(by_change), held) == (InvalidCredentials, set())
        assert opens(stories, person, "by the reset, of course")
    else:
        assert (type(by_reset), by_change, held) == (InvalidLink, person.user_id, {person.session.digest})
        assert opens(stories, person, "by the change, then")
    assert not opens(stories, person, PASSWORD)


def test_a_password_change_ends_the_link_that_a_concurrent_reset_has_read(backend: Backend) -> None:
    """The owner, who knows the password, wins over an attacker with access to the mailbox (TK-04)."""
    stories = Stories(backend)
    person = stories.person(live_sessions=2)
    token = stories.reset_link(person)
    late = overtaken(backend, lambda: change(stories, person, NEW_PASSWORD))

    with pytest.raises(InvalidLink):
        reset(late, token, "of an attacker with the mailbox")
    assert stories.held_and_stored(person.user_id) == ({person.session.digest}, {person.session.digest})
    assert opens(stories, person, NEW_PASSWORD)


def test_a_reset_refuses_a_concurrent_password_change(backend: Backend) -> None:
    """An attacker who knows the old password cannot replace the owner's new one."""
    stories = Stories(backend)
    person = stories.person(live_sessions=2)
    token = stories.reset_link(person)
    late = overtaken(backend, lambda: reset(stories, token))

    with pytest.raises(InvalidCredentials):
        change(late, person, "of an attacker, perhaps")
    assert stories.held_and_stored(person.user_id) == (set(), set())
    assert opens(stories, person, NEW_PASSWORD)


@three_times
@pytest.mark.parametrize("logins", [1, FREE_FAILURES - 1])
def test_no_session_of_the_old_password_outlives_a_concurrent_reset(racetrack: Backend, logins: int) -> None:
    """A login that meets the reset is refused, or its session is ended (SE-09)."""
    stories = Stories(racetrack)
    person = stories.person(live_sessions=2)
    token, racing = stories.reset_link(person), meeting(racetrack, logins + 1)

    def race(number: int) -> object:
        return reset(racing, token) if number == 0 else log_in(racing, person)

    by_reset, *ins = together(logins + 1, race)

    assert by_reset == person.user_id
    assert set(kinds(ins)) <= {"InvalidCredentials", "LoggedIn"}
    assert stories.held_and_stored(person.user_id) == (set(), set())
    assert opens(stories, person, NEW_PASSWORD)


def test_a_login_that_a_reset_overtakes_is_refused(backend: Backend) -> None:
    """Its password was right when it was read."""
    stories = Stories(backend)
    person = stories.person()
    token = stories.reset_link(person)

    with pytest.raises(InvalidCredentials):
        log_in(overtaken(backend, lambda: reset(stories, token)), person)
    assert stories.held_and_stored(person.user_id) == (set(), set())


def test_a_reset_that_a_login_overtakes_ends_its_session(backend: Backend) -> None:
    """Though the session did not exist yet when the reset read the account."""
    stories = Stories(backend)
    person = stories.person()
    token = stories.reset_link(person)
    reset(overtaken(backend, lambda: log_in(stories, person)), token)

    assert sorted(entry["event"] for entry in backend.history(person.user_id)) == [
        "authn_login_success",
        "authn_password_change",
    ]
    assert stories.held_and_stored(person.user_id) == (set(), set())


@three_times
def test_of_two_accounts_that_change_to_one_email_one_does(racetrack: Backend) -> None:
    """The other keeps its email and its sessions, and gets InvalidLink."""
    stories, address = Stories(racetrack), an_address()
    people = [stories.person(live_sessions=2) for _ in range(2)]
    tokens, racing = [stories.change_link(person, address) for person in people], meeting(racetrack, 2)
    outcomes: list[Any] = together(2, lambda n: change_email(racing, people[n], tokens[n]))
    won = next(n for n in range(2) if not isinstance(outcomes[n], InvalidLink))
    winner, loser = people[won], people[1 - won]

    assert kinds(outcomes) == {"Identity": 1, "InvalidLink": 1}
    assert racetrack.identities.get(email_key(address)) == replace(outcomes[won], version=0)
    assert racetrack.identities.get(winner.identity.key) is None
    assert _address_of(racetrack, winner) == (address, {email_key(address)})
    assert _address_of(racetrack, loser) == (loser.identity.email, {loser.identity.key})
    assert stories.held_and_stored(winner.user_id) == ({winner.session.digest}, {winner.session.digest})
    assert len(stories.held_and_stored(loser.user_id)[0]) == 2
    assert racetrack.history(loser.user_id) == []
    assert opens(stories, loser, PASSWORD)


@three_times
def test_of_a_concurrent_email_change_and_reset_one_wins(racetrack: Backend) -> None:
    """The account never gets both the new email and the new password, and never two emails or none (TK-04, TK-12)."""
    stories, address = Stories(racetrack), an_address()
    person = stories.person(live_sessions=2)
    reset_token, change_token = stories.reset_link(person), stories.change_link(person, address)
    racing = meeting(racetrack, 2)
    work = (lambda: reset(racing, reset_token), lambda: change_email(racing, person, change_token))
    both: list[Any] = together(2, lambda n: work[n]())
    by_reset, changed = both
    old, new = racetrack.identities.get(person.identity.key), racetrack.identities.get(email_key(address))

    assert len(racetrack.history(person.user_id)) == 1
    if by_reset == person.user_id:
        assert (type(changed), new) == (InvalidLink, None)
        assert _address_of(racetrack, person) == (person.identity.email, {person.identity.key})
        assert stories.held_and_stored(person.user_id) == (set(), set())
        assert opens(stories, person, NEW_PASSWORD)
    else:
        assert (type(by_reset), old, new) == (InvalidLink, None, replace(changed, version=0))
        assert changed.password_hash == f"fake:{PASSWORD}"
        assert _address_of(racetrack, person) == (address, {email_key(address)})
        assert stories.held_and_stored(person.user_id) == ({person.session.digest}, {person.session.digest})


def test_a_reset_refuses_a_concurrent_email_change(backend: Backend) -> None:
    """An attacker with a session cannot change the email while the owner resets the password (TK-12)."""
    stories, address = Stories(backend), an_address()
    person = stories.person()
    reset_token, change_token = stories.reset_link(person), stories.change_link(person, address)

    with pytest.raises(InvalidLink):
        change_email(overtaken(backend, lambda: reset(stories, reset_token)), person, change_token)
    assert backend.identities.get(email_key(address)) is None
    assert opens(stories, person, NEW_PASSWORD)


def test_an_email_change_ends_a_reset_link_sent_to_the_old_email(backend: Backend) -> None:
    """Access to the old mailbox no longer opens the account."""
    stories, address = Stories(backend), an_address()
    person = stories.person()
    reset_token, change_token = stories.reset_link(person), stories.change_link(person, address)

    with pytest.raises(InvalidLink):
        reset(overtaken(backend, lambda: change_email(stories, person, change_token)), reset_token)
    changed = backend.identities.get(email_key(address))
    assert changed is not None
    assert changed.password_hash == f"fake:{PASSWORD}"


@three_times
def test_logout_everywhere_and_a_concurrent_reauthentication_leave_at_most_the_new_session(racetrack: Backend) -> None:
    stories = Stories(racetrack)
    person = stories.person(live_sessions=3)
    racing = meeting(racetrack, 2)
    work: tuple[Callable[[], Any], ...] = (
        lambda: racing.logout_everywhere.everywhere(person.user_id, somewhere(), NOW),
        lambda: again(racing, person),
    )
    both: list[Any] = together(2, lambda n: work[n]())
    out, fresh = both
    held, stored = stories.held_and_stored(person.user_id)

    assert (out, type(fresh)) == (None, LoggedIn)
    assert held == stored
    assert held <= {fresh.session.digest}


@three_times
@pytest.mark.parametrize("used", [0, 1])
def test_of_two_links_created_at_once_either_works_and_ends_the_other(racetrack: Backend, used: int) -> None:
    """Both emails are sent, and neither link replaces the other (TK-04)."""
    stories, gate = Stories(racetrack), Meeting(2)
    person = stories.person()
    mailers = [stories.with_stores(transactions=MeetBeforeWrite(racetrack.transactions, gate)) for _ in range(2)]
    tokens = [str(token) for token in together(2, lambda n: mailers[n].reset_link(person))]

    assert _tried(stories, tokens[used]) == person.user_id
    assert kinds([_tried(stories, token) for token in tokens]) == {"InvalidLink": 2}


@three_times
def test_fifty_concurrent_guesses_on_three_routes_cost_five_hashes(racetrack: Backend) -> None:
    """Login, password change and re-authentication share one counter (TH-05, TH-06)."""
    stories = Stories(racetrack)
    person = stories.person()
    routes: tuple[Callable[[], object], ...] = (
        lambda: log_in(stories, person, WRONG),
        lambda: change(stories, person, NEW_PASSWORD, WRONG),
        lambda: again(stories, person, WRONG),
    )
    outcomes = together(50, lambda n: routes[n % 3]())

    assert kinds(outcomes) == {"InvalidCredentials": FREE_FAILURES, "TooManyAttempts": 45}
    assert stories.hasher.calls == FREE_FAILURES
    assert stories.held_and_stored(person.user_id) == ({person.session.digest}, {person.session.digest})


def _address_of(backend: Backend, person: Person) -> tuple[str, set[str]]:
    user = backend.users.get(person.user_id)
    assert user is not None
    return user.email, set(user.identities)


def _tried(stories: Stories, token: str) -> object:
    try:
        return reset(stories, token)
    except InvalidLink as refusal:
        return refusal
