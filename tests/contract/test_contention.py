"""Races in which DynamoDB cancels transactions that conflict on an item, as it does in AWS."""

from datetime import timedelta

from accounts.flows.keys.key_management import NewKey
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import API_KEYS_PER_ACCOUNT, FREE_FAILURES
from accounts.model import api_keys, held_keys
from accounts.model.api_keys import Details
from tests.contract.backends import Backend
from tests.contract.races import MeetAfterRead, MeetBeforeWrite, Meeting, kinds, together
from tests.contract.samples import NOW, an_api_key
from tests.contract.stories import NEW_PASSWORD, Stories, caller
from tests.contract.wire import Crowd

# A realistic number for one account: more would only take longer.
PARALLEL = 10


def test_guesses_at_one_account_are_all_counted_and_cancel_nothing(real: Backend) -> None:
    """Exactly five reach the hasher, and no caller gets a 503: no transaction includes a counter."""
    stories, crowd = Stories(real), Crowd()
    person = stories.person()
    with crowd.gathered():
        outcomes = together(PARALLEL, lambda n: stories.log_in(person, n, password="not the password"))

    assert crowd.cancelled == 0
    assert kinds(outcomes) == {"InvalidCredentials": FREE_FAILURES, "TooManyAttempts": PARALLEL - FREE_FAILURES}
    assert stories.hasher.calls == FREE_FAILURES


def test_new_keys_that_cancel_each_other_fill_the_account(real: Backend) -> None:
    """Twenty exist already, so five are created."""
    stories, crowd = Stories(real), Crowd()
    person = stories.person()
    earlier = set()
    for _ in range(API_KEYS_PER_ACCOUNT - 5):
        key = an_api_key(user_id=person.user_id)
        real.commit(api_keys.Add(key), held_keys.AddKey(person.user_id, key.digest, API_KEYS_PER_ACCOUNT))
        earlier.add(key.digest)
    racing = stories.with_stores(sessions=MeetAfterRead(real.sessions, Meeting(PARALLEL)))
    with crowd.gathered():
        outcomes = together(
            PARALLEL, lambda n: racing.key_creation.create(racing.session(person), Details(f"{n}"), caller(n), NOW)
        )
    made = {outcome.api_key.digest for outcome in outcomes if isinstance(outcome, NewKey)}

    assert crowd.cancelled > 0
    assert kinds(outcomes) == {"KeyLimitReached": PARALLEL - 5, "NewKey": 5}
    assert {key.digest for key in real.api_keys.of_user(person.user_id)} == made | earlier


def test_logins_that_cancel_each_other_all_succeed(real: Backend) -> None:
    """As many concurrent logins as the account's limit allows, into a full account."""
    stories, crowd = Stories(real), Crowd()
    person = stories.person(live_sessions=50)
    with crowd.gathered():
        outcomes = together(FREE_FAILURES, lambda n: stories.log_in(person, n, now=NOW + timedelta(minutes=1)))
    new = {outcome.session.digest for outcome in outcomes if isinstance(outcome, LoggedIn)}
    held, stored = stories.held_and_stored(person.user_id)

    assert crowd.cancelled > 0
    assert kinds(outcomes) == {"LoggedIn": FREE_FAILURES}
    assert held == stored >= new
    assert len(held) == 50


def test_logins_in_known_and_unknown_browsers_that_meet_all_succeed(real: Backend) -> None:
    """As many as both counts allow. Each changes the identity, so the others read it again."""
    stories, crowd = Stories(real), Crowd()
    person = stories.person()
    browser = stories.log_in(person, 1).identity.known_browsers[-1]
    before = real.identities.get(person.identity.key)
    with crowd.gathered():
        outcomes = together(2 * FREE_FAILURES, lambda n: stories.log_in(person, n, browser=browser if n % 2 else ""))
    after = real.identities.get(person.identity.key)

    assert crowd.cancelled > 0
    assert kinds(outcomes) == {"LoggedIn": 2 * FREE_FAILURES}
    assert before is not None
    assert after is not None
    assert after.streak - before.streak == after.known_streak - before.known_streak == FREE_FAILURES


def test_a_reset_among_logins_that_cancel_each_other_leaves_no_session(real: Backend) -> None:
    """No caller gets a 503, and sessions opened with the old password end."""
    stories, crowd = Stories(real), Crowd()
    person = stories.person(live_sessions=2)
    token = stories.reset_link(person)
    racing = stories.with_stores(transactions=MeetBeforeWrite(real.transactions, Meeting(FREE_FAILURES)))

    def race(number: int) -> object:
        if number == 0:
            return racing.password_reset.reset(token, NEW_PASSWORD, caller(0), NOW).user_id
        return racing.log_in(person, number)

    with crowd.gathered():
        by_reset, *ins = together(FREE_FAILURES, race)

    assert crowd.cancelled > 0
    assert by_reset == person.user_id
    assert set(kinds(ins)) <= {"InvalidCredentials", "LoggedIn"}
    assert stories.held_and_stored(person.user_id) == (set(), set())
