"""Races of device codes: two people, two decisions, or two polls at once. Exactly one wins."""

from itertools import count

import pytest

from accounts.errors import InvalidUserCode
from accounts.flows.clients.device_consent import DeviceQuestion
from accounts.flows.clients.device_login import answered
from accounts.model.audit import Caller
from accounts.model.consents import ALLOW, DENY
from accounts.model.device_codes import Codes
from accounts.model.one_time_tokens import OneTimeToken
from tests.contract.backends import Backend
from tests.contract.races import MeetAfterRead, Meeting, kinds, three_times, together
from tests.contract.samples import NOW
from tests.contract.stories import Person, Stories, caller

_numbers = count()


def somewhere() -> Caller:
    """An unused source address, so that tests do not share limits."""
    return caller(next(_numbers))


def codes(stories: Stories) -> Codes:
    """The device requests its codes."""
    return stories.device_authorization.ask("comfy-cli", "", "account", somewhere(), NOW)


def ask(stories: Stories, found: Codes, person: Person) -> DeviceQuestion:
    """The person types the code."""
    return stories.device_consent.question(found.user_code, stories.session(person), somewhere(), NOW)


def found_by(stories: Stories, found: Codes) -> OneTimeToken:
    """The token that the device's poll finds."""
    return stories.device_login.find(found.device_code, "comfy-cli", somewhere(), NOW)


@three_times
def test_of_two_people_who_type_one_code_at_once_one_is_asked(racetrack: Backend) -> None:
    """Both read the code as unclaimed before either claims it. Only the one who is asked can answer."""
    stories = Stories(racetrack)
    people, found = [stories.person(), stories.person()], codes(stories)
    racing = stories.with_stores(tokens=MeetAfterRead(racetrack.tokens, Meeting(2)))
    outcomes = together(2, lambda n: ask(racing, found, people[n]))
    [winner] = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, DeviceQuestion)]

    assert kinds(outcomes) == {"DeviceQuestion": 1, "InvalidUserCode": 1}
    with pytest.raises(InvalidUserCode):
        stories.device_consent.answer(found.user_code, ALLOW, people[1 - winner].session, somewhere(), NOW)
    stories.device_consent.answer(found.user_code, ALLOW, people[winner].session, somewhere(), NOW)
    assert answered(found_by(stories, found)) == (people[winner].user_id, True)


@three_times
def test_of_an_allow_and_a_deny_at_once_one_is_stored(racetrack: Backend) -> None:
    """Two tabs of one person: the device finds the decision of the tab whose answer was accepted."""
    stories = Stories(racetrack)
    person, found = stories.person(), codes(stories)
    ask(stories, found, person)
    racing = stories.with_stores(tokens=MeetAfterRead(racetrack.tokens, Meeting(2)))
    said = (ALLOW, DENY)
    outcomes = together(
        2, lambda n: racing.device_consent.answer(found.user_code, said[n], person.session, somewhere(), NOW)
    )

    assert kinds(outcomes) == {"InvalidUserCode": 1, "NoneType": 1}
    assert answered(found_by(stories, found)) == (person.user_id, outcomes[0] is None)


@three_times
def test_of_two_polls_at_once_one_gets_tokens_and_they_are_revoked(racetrack: Backend) -> None:
    """Both have read the approval; the loser ends the winner's session."""
    stories = Stories(racetrack)
    person, found = stories.person(), codes(stories)
    ask(stories, found, person)
    stories.device_consent.answer(found.user_code, ALLOW, person.session, somewhere(), NOW)
    device, token = stories.device_login, found_by(stories, found)
    outcomes = together(2, lambda _: device.redeem(token, somewhere(), NOW))

    assert kinds(outcomes) == {"GrantReused": 1, "Tokens": 1}
    user = racetrack.users.get(person.user_id)
    assert user is not None
    assert set(user.sessions) == {person.session.digest}


@three_times
def test_of_ten_polls_at_once_one_is_not_too_soon(racetrack: Backend) -> None:
    """Polls are counted atomically, not read and compared (RFC 8628 3.5)."""
    stories = Stories(racetrack)
    found = codes(stories)
    device, token = stories.device_login, found_by(stories, found)
    outcomes = together(10, lambda _: device.is_too_soon(token, NOW))

    assert outcomes.count(False) == 1
