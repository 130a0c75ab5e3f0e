"""Races of rotations: against each other, deletion, reports, renaming and use."""

from collections.abc import Callable
from copy import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts.errors import AccountsError
from accounts.flows.keys.key_management import NewKey
from accounts.flows.people.authentication import API_KEY, Credential
from accounts.limits import (
    API_KEYS_PER_ACCOUNT,
    IDENTITIES_PER_ACCOUNT,
    KEY_SECRETS_PER_ACCOUNT,
    PASSKEYS_PER_ACCOUNT,
    SESSIONS_PER_ACCOUNT,
)
from accounts.model import api_keys, held_keys, identities, passkeys, sessions, users
from accounts.model.api_keys import Details, Edit
from accounts.model.leak_reports import Leak
from tests.contract.backends import Backend
from tests.contract.races import MeetAfterRead, MeetBeforeWrite, Meeting, kinds, three_times, together
from tests.contract.samples import NOW, TOMORROW, a_passkey, a_session, an_api_key, an_identity
from tests.contract.stories import Person, Stories, caller


def works(stories: Stories, key: NewKey, now: Any = NOW) -> bool:
    accepted = stories.authentication(frozenset({"api_key"}))
    try:
        accepted.principal(Credential(API_KEY, key.plaintext), caller(1), now)
    except AccountsError:
        return False
    return True


def rotate(stories: Stories, person: Person, key: NewKey, days: int) -> NewKey:
    session = stories.session(person)
    return stories.key_rotation.rotate(session, key.api_key.id, days, caller(1), NOW)


def a_key(stories: Stories, person: Person) -> NewKey:
    return stories.key_creation.create(stories.session(person), Details("laptop"), caller(1), NOW)


def meeting(stories: Stories, backend: Backend) -> Stories:
    """Both have read before one of them writes."""
    return stories.with_stores(transactions=MeetBeforeWrite(backend.transactions, Meeting(2)))


def consistent(backend: Backend, person: Person) -> bool:
    """Whether the account lists the secrets that are stored, and no others."""
    user = backend.users.get(person.user_id)
    return user is not None and user.api_keys == {key.held_as for key in backend.api_keys.of_user(person.user_id)}


@three_times
@pytest.mark.parametrize("days", [0, 7])
def test_of_two_rotations_at_once_one_secret_is_current(racetrack: Backend, days: int) -> None:
    """With an overlap, the second is refused; without, it replaces what the first one made."""
    stories = Stories(racetrack)
    person = stories.person()
    key = a_key(stories, person)
    racing = meeting(stories, racetrack)
    outcomes = together(2, lambda _: rotate(racing, person, key, days))
    made = [outcome for outcome in outcomes if isinstance(outcome, NewKey)]

    assert kinds(outcomes) == ({"KeyNotRotatable": 1, "NewKey": 1} if days else {"NewKey": 2})
    assert sum(works(stories, new) for new in made) == 1
    assert works(stories, key) == bool(days)
    assert consistent(racetrack, person)


OTHERS: dict[str, Callable[[Stories, Person, NewKey], Any]] = {
    "delete": lambda it, person, key: it.key_deletion.delete(person.user_id, key.api_key.id, caller(2), NOW),
    "report": lambda it, _, key: it.leaked_keys.revoke([Leak(key.api_key.digest, "", "")], NOW),
}


@three_times
@pytest.mark.parametrize("days", [0, 7])
@pytest.mark.parametrize("other", OTHERS)
def test_a_key_that_is_rotated_and_ended_at_once_is_gone(racetrack: Backend, other: str, days: int) -> None:
    """With each of its secrets. A report of a secret that a rotation has just ended comes too late to matter."""
    stories = Stories(racetrack)
    person = stories.person()
    key = a_key(stories, person)
    racing = meeting(stories, racetrack)

    def work(index: int) -> Any:
        return rotate(racing, person, key, days) if index else OTHERS[other](racing, person, key)

    outcomes = together(2, work)
    made = [outcome for outcome in outcomes if isinstance(outcome, NewKey)]

    assert not works(stories, key)
    assert consistent(racetrack, person)
    if other == "delete" or days:
        assert not any(works(stories, new) for new in made)
        assert racetrack.api_keys.of_user(person.user_id) == []


@three_times
def test_a_rename_that_meets_a_rotation_is_not_lost(racetrack: Backend) -> None:
    """Whichever is first."""
    stories = Stories(racetrack)
    person = stories.person()
    key = a_key(stories, person)
    racing = meeting(stories, racetrack)

    def work(index: int) -> Any:
        if index:
            return rotate(racing, person, key, 7)
        return racing.key_description.change(stories.session(person), key.api_key.id, Edit("box"), caller(2), NOW)

    together(2, work)

    assert [each.name for each in racetrack.api_keys.of_user(person.user_id)] == ["box", "box"]


@three_times
@pytest.mark.parametrize("days", [0, 7])
@pytest.mark.parametrize("before", [False, True])
def test_a_restriction_that_meets_a_rotation_is_not_lost(racetrack: Backend, days: int, *, before: bool) -> None:
    """Whichever is first, also of a key whose old secret has ended but is still stored: no secret escapes it."""
    stories = Stories(racetrack)
    person = stories.person()
    key = a_key(stories, person)
    if before:
        rotate(stories, person, key, 1)
    at = NOW + timedelta(days=2) if before else NOW
    session = replace(stories.session(person), authenticated_at=at)
    racing = meeting(stories, racetrack)

    def work(index: int) -> Any:
        if index:
            return racing.key_rotation.rotate(session, key.api_key.id, days, caller(1), at)
        return racing.key_description.change(session, key.api_key.id, Edit(networks=["192.0.2.7"]), caller(2), at)

    together(2, work)

    networks = {each.networks for each in racetrack.api_keys.of_user(person.user_id)}
    assert networks == {"192.0.2.7/32"}
    assert consistent(racetrack, person)


@three_times
def test_a_use_that_meets_the_end_of_the_old_secret_does_not_bring_it_back(racetrack: Backend) -> None:
    """The use has read the secret, and notes its time after the owner ended it."""
    stories = Stories(racetrack)
    person = stories.person()
    key = a_key(stories, person)
    rotate(stories, person, key, 7)
    racing = stories.with_stores(api_keys=MeetAfterRead(racetrack.api_keys, Meeting(2)))

    def work(index: int) -> Any:
        if index:
            return racing.key_rotation.end_old(stories.session(person), key.api_key.id, caller(2), NOW)
        return works(racing, key)

    together(2, work)

    assert not works(stories, key)
    assert racetrack.api_keys.get(key.api_key.digest) is None


def test_the_old_secret_ends_on_time_while_it_is_used(racetrack: Backend) -> None:
    """The note of a use does not prolong it."""
    stories = Stories(racetrack)
    person = stories.person()
    key = a_key(stories, person)
    new = rotate(stories, person, key, 1)
    ends = NOW + timedelta(days=1)
    before = ends - timedelta(microseconds=1)

    assert [works(stories, key, at) for at in (before, ends)] == [True, False]
    assert [works(stories, new, at) for at in (before, ends)] == [True, True]


def test_an_account_with_all_that_it_can_hold_is_deleted_in_one_transaction(racetrack: Backend) -> None:
    """DynamoDB takes at most 100 writes."""
    stories = Stories(racetrack)
    person = stories.person()
    user = racetrack.users.get(person.user_id)
    assert user is not None
    user_id = user.user_id
    logins = [an_identity(user_id=user_id) for _ in range(IDENTITIES_PER_ACCOUNT - len(user.identities))]
    open_ = [a_session(user_id=user_id) for _ in range(SESSIONS_PER_ACCOUNT - len(user.sessions))]
    keys = [an_api_key(user_id=user_id, key_id="", ends_at=None) for _ in range(API_KEYS_PER_ACCOUNT)]
    more = [an_api_key(user_id=user_id) for _ in range(KEY_SECRETS_PER_ACCOUNT - API_KEYS_PER_ACCOUNT)]
    pass_ = [a_passkey(user_id=user_id) for _ in range(PASSKEYS_PER_ACCOUNT)]
    for each in logins:
        racetrack.commit(
            identities.Claim(each), users.AddIdentity(user_id, each.key, IDENTITIES_PER_ACCOUNT, person.session.digest)
        )
    for each in open_:
        racetrack.commit(sessions.Start(each), users.AddSession(user_id, each.digest, TOMORROW, SESSIONS_PER_ACCOUNT))
    for each in (*keys, *more):
        racetrack.commit(api_keys.Add(each), held_keys.AddKey(user_id, each.held_as, KEY_SECRETS_PER_ACCOUNT))
    for each in pass_:
        held = held_keys.AddPasskey(user_id, each.credential_id, PASSKEYS_PER_ACCOUNT, person.session.digest)
        racetrack.commit(passkeys.Add(each), held)

    stories.account_closing.close(stories.session(person), caller(1), NOW)

    assert racetrack.users.get(user_id) is None
    assert racetrack.api_keys.of_user(user_id) == []
