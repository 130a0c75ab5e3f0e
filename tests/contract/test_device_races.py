"""Two people at one device's code, two clicks, two polls: exactly one counts, every time."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest

from accounts.errors import InvalidUserCode
from accounts.flows.clients.client_login import ClientLogin
from accounts.flows.clients.client_sessions import ClientSessions
from accounts.flows.clients.device_authorization import DeviceAuthorization
from accounts.flows.clients.device_consent import DeviceConsent, DeviceQuestion
from accounts.flows.clients.device_login import DeviceLogin, answered
from accounts.flows.people.authentication import SessionAuthentication
from accounts.model import clients
from accounts.model.audit import Caller
from accounts.model.consents import ALLOW, DENY
from accounts.model.device_codes import Codes
from accounts.model.one_time_tokens import OneTimeToken
from tests.contract.backends import Backend
from tests.contract.races import MeetAfterRead, Meeting, kinds, together
from tests.contract.samples import NOW
from tests.contract.stories import Person, Stories, caller
from tests.fakes import FakeOutbox

three_times = pytest.mark.usefixtures("each_round")


_numbers = count()


@pytest.fixture(params=range(3))
def each_round() -> None:
    """A race that is lost once in a while is lost."""


def somewhere() -> Caller:
    """A source that nobody else's tries are counted with."""
    return caller(next(_numbers))


class Signer:
    """Signs nothing that anybody reads here."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Whose it would be."""
        return str(claims["sub"])


def codes(stories: Stories) -> Codes:
    """A device asks."""
    return DeviceAuthorization(stories.throttles, stories.transactions).ask("comfy-cli", "account", somewhere(), NOW)


def consent(stories: Stories) -> DeviceConsent:
    """People answer."""
    authentication = SessionAuthentication(stories.sessions)
    return DeviceConsent(authentication, stories.users, stories.tokens, stories.throttles, stories.transactions)


def login(stories: Stories) -> DeviceLogin:
    """The device gets its tokens."""
    sessions = ClientSessions(stories.opening, Signer(), "http://localhost")
    stores = (stories.tokens, sessions, stories.transactions, stories.throttles)
    exchange = ClientLogin(*stores, clients.load(), FakeOutbox())
    return DeviceLogin(exchange, stories.throttles)


def ask(stories: Stories, found: Codes, person: Person) -> DeviceQuestion:
    """The person types the code."""
    return consent(stories).question(found.user_code, person.credential, somewhere(), NOW)


def found_by(stories: Stories, found: Codes) -> OneTimeToken:
    """What the device finds."""
    return login(stories).find(found.device_code, "comfy-cli", somewhere(), NOW)


@three_times
def test_of_two_who_type_one_code_at_once_one_is_asked(racetrack: Backend) -> None:
    """Both have read that it is nobody's before either takes it; only the one who is asked can answer."""
    stories = Stories(racetrack)
    people, found = [stories.person(), stories.person()], codes(stories)
    racing = stories.with_stores(tokens=MeetAfterRead(racetrack.tokens, Meeting(2)))
    outcomes = together(2, lambda n: ask(racing, found, people[n]))
    [winner] = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, DeviceQuestion)]

    assert kinds(outcomes) == {"DeviceQuestion": 1, "InvalidUserCode": 1}
    with pytest.raises(InvalidUserCode):
        consent(stories).answer(found.user_code, ALLOW, people[1 - winner].credential, somewhere(), NOW)
    consent(stories).answer(found.user_code, ALLOW, people[winner].credential, somewhere(), NOW)
    assert answered(found_by(stories, found)) == (people[winner].user_id, True)


@three_times
def test_of_a_yes_and_a_no_at_once_one_counts(racetrack: Backend) -> None:
    """Two tabs of one person: what the device finds is what the one that was believed said."""
    stories = Stories(racetrack)
    person, found = stories.person(), codes(stories)
    ask(stories, found, person)
    racing = consent(stories.with_stores(tokens=MeetAfterRead(racetrack.tokens, Meeting(2))))
    said = (ALLOW, DENY)
    outcomes = together(2, lambda n: racing.answer(found.user_code, said[n], person.credential, somewhere(), NOW))

    assert kinds(outcomes) == {"InvalidUserCode": 1, "str": 1}
    assert answered(found_by(stories, found)) == (person.user_id, outcomes[0] == person.user_id)


@three_times
def test_of_two_polls_at_once_one_gets_tokens_and_they_are_worth_nothing(racetrack: Backend) -> None:
    """Both have read the yes: the loser ends the session of the winner."""
    stories = Stories(racetrack)
    person, found = stories.person(), codes(stories)
    ask(stories, found, person)
    consent(stories).answer(found.user_code, ALLOW, person.credential, somewhere(), NOW)
    device, token = login(stories), found_by(stories, found)
    outcomes = together(2, lambda _: device.redeem(token, somewhere(), NOW))

    assert kinds(outcomes) == {"GrantReused": 1, "Tokens": 1}
    user = racetrack.users.get(person.user_id)
    assert user is not None
    assert set(user.sessions) == {person.session.digest}


@three_times
def test_of_ten_polls_at_once_one_is_not_too_soon(racetrack: Backend) -> None:
    """They are counted, not read and compared (RFC 8628 3.5)."""
    stories = Stories(racetrack)
    found = codes(stories)
    device, token = login(stories), found_by(stories, found)
    outcomes = together(10, lambda _: device.is_too_soon(token, NOW))

    assert outcomes.count(False) == 1
