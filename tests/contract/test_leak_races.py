"""Races of reports of leaked keys: against each other, against the use of the key, and against other ways to end it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from accounts.errors import ApiKeyUnknown
from accounts.flows.keys.key_management import NewKey
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.flows.people.authentication import API_KEY, Credential
from accounts.model import messages
from accounts.model.api_keys import Details
from accounts.model.leak_reports import Leak
from tests.contract.backends import Backend
from tests.contract.races import MeetAfterRead, MeetBeforeWrite, Meeting, three_times, together
from tests.contract.samples import NOW
from tests.contract.stories import Person, Stories, caller


@dataclass
class Held:
    """A person with a key."""

    stories: Stories
    person: Person
    key: NewKey

    @property
    def leak(self) -> Leak:
        return Leak(self.key.api_key.digest, "https://github.com/o/r", "commit")

    def works(self) -> bool:
        accepted = self.stories.authentication(frozenset({"api_key"}))
        try:
            accepted.principal(Credential(API_KEY, self.key.plaintext), caller(1), NOW)
        except ApiKeyUnknown:
            return False
        return True

    def events(self) -> list[str]:
        history = self.stories.backend.history(self.person.user_id)
        return sorted(it["event"] for it in history if it["event"] != "authn_token_created")


def held(backend: Backend) -> Held:
    stories = Stories(backend)
    person = stories.person()
    key = stories.key_creation.create(person.session, Details("laptop"), caller(1), NOW)
    stories.outbox.messages.clear()
    return Held(stories, person, key)


@three_times
def test_a_key_that_is_reported_twice_at_once_ends_once(racetrack: Backend) -> None:
    """Both reports have read the key before one of them deletes it. One record, and at least one email."""
    it = held(racetrack)
    stories = it.stories.with_stores(transactions=MeetBeforeWrite(racetrack.transactions, Meeting(2)))

    assert together(2, lambda _: stories.leaked_keys.revoke([it.leak], NOW)) == [None, None]

    assert (it.works(), it.events()) == (False, ["authn_token_leaked"])
    assert {type(message) for message in stories.outbox.messages} == {messages.ApiKeyLeaked}


# Other ways to end a key. Arguments: the stories, the person, the key.
ENDINGS: dict[str, tuple[str, Callable[[Stories, Person, NewKey], Any]]] = {
    "delete": (
        "authn_token_revoked",
        lambda it, person, key: it.key_deletion.delete(person.user_id, key.api_key.digest, caller(2), NOW),
    ),
    "disable": (
        "user_disabled",
        lambda it, person, _: it.account_disabling.disable(OperatorRequest(person.user_id, "Otto"), NOW),
    ),
}


@three_times
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_key_that_is_reported_and_ended_at_once_ends_once(racetrack: Backend, ending: str) -> None:
    """Whichever is first. No email about a leak without a record of it."""
    it = held(racetrack)
    event, end = ENDINGS[ending]
    stories = it.stories.with_stores(transactions=MeetBeforeWrite(racetrack.transactions, Meeting(2)))

    def work(index: int) -> Any:
        return stories.leaked_keys.revoke([it.leak], NOW) if index else end(stories, it.person, it.key)

    together(2, work)

    events = it.events()
    assert not it.works()
    assert set(events) <= {event, "authn_token_leaked"}
    assert events in ([event], ["authn_token_leaked"]) or ending == "disable"
    leaked = [message for message in stories.outbox.messages if isinstance(message, messages.ApiKeyLeaked)]
    assert len(leaked) == events.count("authn_token_leaked")


@three_times
def test_a_use_that_meets_a_report_does_not_bring_the_key_back(racetrack: Backend) -> None:
    """The use has read the key, and notes its time after the report deleted it."""
    it = held(racetrack)
    keys = MeetAfterRead(racetrack.api_keys, Meeting(2))
    stories = it.stories.with_stores(api_keys=keys)
    accepted = stories.authentication(frozenset({"api_key"}))

    def work(index: int) -> Any:
        if index:
            return stories.leaked_keys.revoke([it.leak], NOW)
        return accepted.principal(Credential(API_KEY, it.key.plaintext), caller(1), NOW)

    together(2, work)

    assert not it.works()
    assert [entry for entry in racetrack.contents()["ApiKeysTable"] if it.key.api_key.digest in str(entry)] == []
