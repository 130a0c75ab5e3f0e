"""Races of the hourly run for keys that expire: against itself, the use of a key, and another key for its place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from accounts.errors import ApiKeyExpired
from accounts.flows.keys.key_management import NewKey
from accounts.flows.people.authentication import API_KEY, Credential
from accounts.limits import API_KEYS_PER_ACCOUNT
from accounts.model import api_keys, held_keys
from accounts.model.api_keys import Details
from accounts.transactions import Change, Transactions
from tests.contract.backends import Backend
from tests.contract.races import MeetAfterRead, MeetBeforeWrite, Meeting, three_times, together
from tests.contract.samples import NOW, an_api_key
from tests.contract.stories import Person, Stories, caller

EXPIRES = NOW.replace(microsecond=0) + timedelta(days=30)
WEEK = timedelta(days=7)


def expiring(stories: Stories) -> tuple[Person, NewKey]:
    """A person with a key that expires."""
    person = stories.person()
    key = stories.key_creation.create(person.session, Details("laptop", "", EXPIRES.isoformat()), caller(1), NOW)
    return person, key


def expiries(backend: Backend, person: Person) -> int:
    """How often the history says that the key expired."""
    return sum(it["event"] == "authn_token_expired" for it in backend.history(person.user_id))


@three_times
def test_of_two_runs_at_once_one_records_an_expiry(racetrack: Backend) -> None:
    """Both have read the key before one of them writes. Neither fails."""
    stories = Stories(racetrack)
    person, key = expiring(stories)
    racing = stories.with_stores(transactions=MeetBeforeWrite(racetrack.transactions, Meeting(2)))
    outcomes = together(2, lambda _: racing.key_expiry.run(EXPIRES))
    stored = racetrack.api_keys.get(key.api_key.digest)

    assert all(isinstance(outcome, int) for outcome in outcomes)
    assert expiries(racetrack, person) == 1
    assert stored is not None
    assert stored.due_at is None


@three_times
@pytest.mark.parametrize(("at", "due_at"), [(EXPIRES - WEEK, EXPIRES - timedelta(days=1)), (EXPIRES, None)])
def test_a_use_that_meets_a_run_loses_neither(racetrack: Backend, at: datetime, due_at: datetime | None) -> None:
    """Both have read the key. A use is refused from the second in which the key expires, whatever the run has done."""
    stories = Stories(racetrack)
    _, key = expiring(stories)
    racing = stories.with_stores(api_keys=MeetAfterRead(racetrack.api_keys, Meeting(2)))
    accepted = racing.authentication(frozenset({"api_key"}))

    def work(index: int) -> object:
        if index:
            return racing.key_expiry.run(at)
        return accepted.principal(Credential(API_KEY, key.plaintext), caller(1), at)

    used, _ = together(2, work)
    stored = racetrack.api_keys.get(key.api_key.digest)

    assert isinstance(used, ApiKeyExpired) == (at == EXPIRES)
    assert stored is not None
    assert stored.due_at == due_at
    # A use is a note, which is left out while a transaction changes the key.
    assert stored.last_used_at in ({None} if at == EXPIRES else {None, at})


@dataclass
class RunBeforeSwap:
    """Transactions with an hourly run just before the first one that replaces keys of an account."""

    transactions: Transactions
    run: Callable[[], object]
    ran: bool = False

    def commit(self, *changes: Change) -> None:
        if not self.ran and any(isinstance(change, held_keys.SwapKeys) for change in changes):
            self.ran = True
            self.run()
        self.transactions.commit(*changes)


def test_a_key_for_the_place_of_one_that_expires_records_it_once(racetrack: Backend) -> None:
    """The hourly run records the expiry after the 26th key has read that it is not recorded."""
    stories = Stories(racetrack)
    person, key = expiring(stories)
    for _ in range(API_KEYS_PER_ACCOUNT - 1):
        other = an_api_key(user_id=person.user_id, expires_at=None, ends_at=None, key_id="", due_at=None)
        racetrack.commit(api_keys.Add(other), held_keys.AddKey(person.user_id, other.digest, API_KEYS_PER_ACCOUNT))
    transactions = RunBeforeSwap(racetrack.transactions, lambda: stories.key_expiry.run(EXPIRES))
    racing = stories.with_stores(transactions=transactions)
    racing.key_creation.create(stories.session(person), Details("new"), caller(1), EXPIRES)
    user = racetrack.users.get(person.user_id)

    assert transactions.ran
    assert user is not None
    assert len(user.api_keys) == API_KEYS_PER_ACCOUNT
    assert key.api_key.digest not in user.api_keys
    assert racetrack.api_keys.get(key.api_key.digest) is None
    assert expiries(racetrack, person) == 1
