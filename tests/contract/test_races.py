"""Two, twenty or fifty concurrent requests: each promise holds every time."""

from copy import replace
from datetime import timedelta

import pytest

from accounts.errors import AddressConfirmed, InvalidCredentials, TooManyAttempts
from accounts.flows.keys.key_management import NewKey, new_secret
from accounts.flows.people.email_verification import EmailVerification
from accounts.flows.people.session_opening import LoggedIn
from accounts.flows.people.signup import Started
from accounts.limits import (
    API_KEYS_CREATED_PER_ACCOUNT_PER_DAY,
    API_KEYS_PER_ACCOUNT,
    FREE_FAILURES,
    SESSIONS_PER_ACCOUNT,
)
from accounts.model import api_keys, attempts, held_keys, identities, messages
from accounts.model.api_keys import Details
from accounts.model.linking import NewAccount
from accounts.model.providers import ProviderPerson
from accounts.transactions import Conflict
from tests.contract.backends import Backend
from tests.contract.races import (
    CountingHasher,
    MeetAfterRead,
    MeetAfterRefusal,
    MeetBeforeWrite,
    Meeting,
    Overtaken,
    kinds,
    three_times,
    together,
)
from tests.contract.samples import NOW, an_address, an_api_key, an_increment
from tests.contract.stories import NEW_PASSWORD, Stories, caller


@three_times
def test_of_two_callers_that_open_one_link_one_is_logged_in(racetrack: Backend) -> None:
    """The other writes nothing."""
    stories, address = Stories(racetrack), an_address()
    token = stories.sign_up_link(address, 0)
    racing = stories.with_stores(identities=MeetAfterRead(racetrack.identities, Meeting(2)))
    outcomes = together(2, lambda n: racing.email_verification.confirm(token, NEW_PASSWORD, None, caller(n), NOW))
    winner = next(outcome for outcome in outcomes if isinstance(outcome, LoggedIn))

    assert kinds(outcomes) == {"InvalidLink": 1, "LoggedIn": 1}
    assert _has_only(stories, winner)
    assert sorted(entry["event"] for entry in racetrack.history(winner.session.user_id)) == [
        "authn_login_success",
        "email_verified",
    ]


@three_times
def test_of_two_sign_ups_that_are_confirmed_at_once_one_gets_the_address(racetrack: Backend) -> None:
    """With its own password. The other writes nothing and says so, and its link is not consumed."""
    stories, address = Stories(racetrack), an_address()
    passwords = [f"{NEW_PASSWORD} {number}" for number in range(2)]
    links = [stories.sign_up_link(address, number, password) for number, password in enumerate(passwords)]
    racing = stories.with_stores(identities=MeetAfterRead(racetrack.identities, Meeting(2)))
    outcomes = together(2, lambda n: racing.email_verification.confirm(links[n], passwords[n], None, caller(n), NOW))
    winner = next(outcome for outcome in outcomes if isinstance(outcome, LoggedIn))
    number = outcomes.index(winner)

    assert kinds(outcomes) == {"AddressConfirmed": 1, "LoggedIn": 1}
    assert _has_only(stories, winner)
    assert winner.identity.password_hash == f"fake:{passwords[number]}"
    with pytest.raises(AddressConfirmed):
        _confirm(stories.email_verification, links[1 - number], passwords[1 - number])


@three_times
def test_of_a_sign_up_and_a_provider_that_confirm_an_address_at_once_one_gets_it(racetrack: Backend) -> None:
    """Either order: the other writes nothing, and the next login reads the new state."""
    stories, address = Stories(racetrack), an_address()
    link = stories.sign_up_link(address, 0)
    racing = stories.with_stores(transactions=MeetBeforeWrite(racetrack.transactions, Meeting(2)))
    person = ProviderPerson("google", f"subject of {address}", address, email_verified=True, name="")

    def confirm(number: int) -> LoggedIn:
        if number:
            return _confirm(racing.email_verification, link, NEW_PASSWORD)
        return racing.identity_linking.login(person, NewAccount(), None, None, caller(number), NOW)

    outcomes = together(2, confirm)
    winner = next(outcome for outcome in outcomes if isinstance(outcome, LoggedIn))

    assert kinds(outcomes) in ({"AddressConfirmed": 1, "LoggedIn": 1}, {"LoggedIn": 1, "LoginExpired": 1})
    assert _has_only(stories, winner)


def _has_only(stories: Stories, winner: LoggedIn) -> bool:
    """Whether the address belongs to the account of ``winner``, which has no other session."""
    session, backend = winner.session, stories.backend
    address, user = backend.identities.get(identities.email_key(winner.identity.email)), session.user_id
    return (
        address is not None
        and (address.user_id, address.verified, address.expires_at) == (user, True, None)
        and address.password_hash == winner.identity.password_hash
        and stories.held_and_stored(user) == ({session.digest}, {session.digest})
    )


@three_times
def test_of_two_keys_for_the_place_of_an_expired_one_one_is_created(racetrack: Backend) -> None:
    """Both find the account full and the same key expired."""
    stories = Stories(racetrack)
    person = stories.person()
    keys = [
        an_api_key(user_id=person.user_id, expires_at=None, ends_at=None, key_id="")
        for _ in range(API_KEYS_PER_ACCOUNT)
    ]
    keys[0] = replace(keys[0], expires_at=NOW)
    for key in keys:
        racetrack.commit(api_keys.Add(key), held_keys.AddKey(person.user_id, key.digest, API_KEYS_PER_ACCOUNT))
    racing = stories.with_stores(users=MeetAfterRead(racetrack.users, Meeting(2)))
    session = stories.session(person)
    outcomes = together(2, lambda n: racing.key_creation.create(session, Details(f"{n}"), caller(n), NOW))
    user = racetrack.users.get(person.user_id)

    assert kinds(outcomes) == {"KeyLimitReached": 1, "NewKey": 1}
    assert user is not None
    made = {outcome.api_key.digest for outcome in outcomes if isinstance(outcome, NewKey)}
    assert user.api_keys == made | {key.digest for key in keys[1:]}
    assert user.api_keys == {key.digest for key in racetrack.api_keys.of_user(person.user_id)}


@three_times
def test_of_fifty_concurrent_new_keys_twenty_five_are_created(racetrack: Backend) -> None:
    """Each key that was returned works."""
    stories = Stories(racetrack)
    person = stories.person()
    racing = stories.with_stores(sessions=MeetAfterRead(racetrack.sessions, Meeting(50)))
    outcomes = together(
        50, lambda n: racing.key_creation.create(racing.session(person), Details(f"{n}"), caller(n), NOW)
    )
    made = {outcome.api_key.digest for outcome in outcomes if isinstance(outcome, NewKey)}
    user = racetrack.users.get(person.user_id)

    assert kinds(outcomes) == {"KeyLimitReached": 25, "NewKey": API_KEYS_PER_ACCOUNT}
    assert user is not None
    assert user.api_keys == {key.digest for key in racetrack.api_keys.of_user(person.user_id)} == made
    assert len(racetrack.history(person.user_id)) == len(made)


@three_times
def test_of_ten_keys_for_the_last_place_of_a_day_one_is_created(racetrack: Backend) -> None:
    """The transaction that stores a key counts it."""
    stories = Stories(racetrack)
    person = stories.person()
    for _ in range(API_KEYS_CREATED_PER_ACCOUNT_PER_DAY - 1):
        racetrack.commit(new_secret(person.user_id, NOW))
    racing = stories.with_stores(transactions=MeetBeforeWrite(racetrack.transactions, Meeting(10)))
    session = stories.session(person)
    outcomes = together(10, lambda n: racing.key_creation.create(session, Details(f"{n}"), caller(n), NOW))

    assert kinds(outcomes) == {"NewKey": 1, "TooManyAttempts": 9}
    assert len(racetrack.api_keys.of_user(person.user_id)) == 1


@three_times
def test_twenty_concurrent_sign_ups_of_one_email_create_one_account(racetrack: Backend) -> None:
    """Each gets a link for its own password, and the first that is confirmed gets the address."""
    address, hasher = an_address(), CountingHasher(meeting=Meeting(20))
    stories, waiting = Stories(racetrack), Stories(racetrack, hasher=hasher)
    accounts_before = len(racetrack.contents()["UsersTable"])
    outcomes = together(20, lambda n: waiting.signup.start(address, f"{NEW_PASSWORD} {n}", "", caller(n), NOW))
    queued = [message for message in waiting.outbox.messages if isinstance(message, messages.Signup)]
    by_source = {message.source: stories.mailed(message) for message in queued}
    links = [by_source[caller(number).source] for number in range(20)]

    assert all(isinstance(outcome, Started) and outcome.browser for outcome in outcomes)
    winner = _confirm(stories.email_verification, links[7], f"{NEW_PASSWORD} 7", 7)
    assert winner.identity.password_hash == f"fake:{NEW_PASSWORD} 7"
    for number in {*range(20)} - {7}:
        with pytest.raises(AddressConfirmed):
            _confirm(stories.email_verification, links[number], f"{NEW_PASSWORD} {number}", number)
    assert len(racetrack.contents()["UsersTable"]) == accounts_before + 1


@three_times
def test_of_fifty_concurrent_guesses_five_are_checked(racetrack: Backend) -> None:
    """No more than five reach the hasher, whatever their source."""
    stories = Stories(racetrack)
    person = stories.person()
    outcomes = together(50, lambda n: stories.log_in(person, n, password="not the password"))

    assert kinds(outcomes) == {"InvalidCredentials": FREE_FAILURES, "TooManyAttempts": 45}
    assert stories.hasher.calls == FREE_FAILURES


@three_times
def test_fifty_concurrent_logins_never_exceed_the_session_limit(racetrack: Backend) -> None:
    """Each new session is held or was ended for a newer one, and every stored session is held by the account."""
    stories = Stories(racetrack)
    person = stories.person(live_sessions=48)

    def log_in(number: int) -> None:
        logged_in = stories.session_opening.begin(
            person.identity,
            method="password",
            remember=False,
            caller=caller(number),
            now=NOW + timedelta(minutes=1),
        )
        stories.session_opening.open(logged_in.session)

    outcomes = together(50, log_in)
    held, stored = stories.held_and_stored(person.user_id)

    assert set(kinds(outcomes)) <= {"NoneType", "Unavailable"}
    assert kinds(outcomes)["NoneType"] == len(racetrack.history(person.user_id))
    assert held == stored
    assert len(held) == SESSIONS_PER_ACCOUNT


@three_times
def test_concurrent_logins_within_the_limit_all_succeed_in_a_full_account(racetrack: Backend) -> None:
    """Each makes room for itself, though all have read the same full account."""
    stories = Stories(racetrack)
    person = stories.person(live_sessions=SESSIONS_PER_ACCOUNT)
    racing = stories.with_stores(users=MeetAfterRead(racetrack.users, Meeting(FREE_FAILURES)))
    outcomes = together(FREE_FAILURES, lambda n: racing.log_in(person, n, now=NOW + timedelta(minutes=1)))
    new = {outcome.session.digest for outcome in outcomes if isinstance(outcome, LoggedIn)}
    held, stored = stories.held_and_stored(person.user_id)

    assert kinds(outcomes) == {"LoggedIn": FREE_FAILURES}
    assert held == stored >= new
    assert len(held) == SESSIONS_PER_ACCOUNT


def test_a_login_that_is_overtaken_repeatedly_still_succeeds(racetrack: Backend) -> None:
    """In a full account, overtaken as often as the limit allows."""
    stories = Stories(racetrack)
    person = stories.person(live_sessions=SESSIONS_PER_ACCOUNT)
    later = NOW + timedelta(minutes=1)
    overtaken = Overtaken(racetrack.users, lambda: stories.log_in(person, 1, now=later), times=FREE_FAILURES)
    logged_in = stories.with_stores(users=overtaken).log_in(person, 2, now=later)
    held, stored = stories.held_and_stored(person.user_id)

    assert overtaken.times == 0
    assert held == stored >= {logged_in.session.digest}
    assert len(held) == SESSIONS_PER_ACCOUNT


def test_logout_everywhere_ends_sessions_that_are_opened_concurrently(racetrack: Backend) -> None:
    """Also when it is overtaken by as many logins as the limit allows."""
    stories = Stories(racetrack)
    person = stories.person()
    overtaken = Overtaken(racetrack.users, lambda: stories.log_in(person, 1), times=FREE_FAILURES)
    stories.with_stores(users=overtaken).logout_everywhere.everywhere(person.user_id, caller(9), NOW)

    assert overtaken.times == 0
    assert stories.held_and_stored(person.user_id) == (set(), set())


@pytest.mark.parametrize("outdated", [True, False])
def test_a_password_change_wins_over_a_concurrent_login(racetrack: Backend, *, outdated: bool) -> None:
    """A login that read the old password neither rehashes it nor opens a session."""
    stories = Stories(racetrack, hasher=CountingHasher(outdated=outdated))
    person = stories.person()
    changed = replace(person.identity, password_hash="fake:a new password")
    overtaken = Overtaken(racetrack.identities, lambda: racetrack.commit(identities.Replace(changed)))
    sessions_before = stories.held_and_stored(person.user_id)

    with pytest.raises(InvalidCredentials):
        stories.with_stores(identities=overtaken).log_in(person, 1)
    assert racetrack.identities.get(person.identity.key) == replace(changed, version=1)
    assert stories.held_and_stored(person.user_id) == sessions_before
    assert racetrack.history(person.user_id) == []


@three_times
def test_of_a_password_change_and_a_concurrent_rehash_one_is_stored(racetrack: Backend) -> None:
    """Both have read the same identity; the second gets a Conflict."""
    stories = Stories(racetrack, hasher=CountingHasher(outdated=True))
    person = stories.person()
    changed = replace(person.identity, password_hash="fake:a new password")
    racing = stories.with_stores(identities=MeetAfterRead(racetrack.identities, Meeting(2)))

    def race(number: int) -> object:
        if number == 0:
            return racing.log_in(person, number)
        racing.identities.get(person.identity.key)
        try:
            return racetrack.commit(identities.Replace(changed))
        except Conflict:
            return "conflict"

    login, change = together(2, race)
    stored = racetrack.identities.get(person.identity.key)

    assert stored is not None
    assert (type(login), change, stored.password_hash) in [
        (LoggedIn, "conflict", person.identity.password_hash),
        (InvalidCredentials, None, changed.password_hash),
    ]


def test_logout_everywhere_ends_sessions_opened_after_its_read(racetrack: Backend) -> None:
    """It retries when sessions were opened after it read the account."""
    stories = Stories(racetrack)
    person = stories.person(live_sessions=3)
    overtaken = Overtaken(racetrack.users, lambda: together(3, lambda n: stories.log_in(person, n)))
    stories.with_stores(users=overtaken).logout_everywhere.everywhere(person.user_id, caller(9), NOW)

    assert overtaken.times == 0
    assert stories.held_and_stored(person.user_id) == (set(), set())


@three_times
def test_logout_everywhere_among_logins_leaves_no_unheld_session(racetrack: Backend) -> None:
    """The remaining sessions were opened after it."""
    stories = Stories(racetrack)
    person = stories.person(live_sessions=3)

    def race(number: int) -> object:
        if number == 0:
            return stories.logout_everywhere.everywhere(person.user_id, caller(9), NOW)
        return stories.log_in(person, number)

    out, *ins = together(5, race)
    held, stored = stories.held_and_stored(person.user_id)
    new = {outcome.session.digest for outcome in ins if isinstance(outcome, LoggedIn)}

    assert (out, kinds(ins)) == (None, {"LoggedIn": 4})
    assert held == stored <= new


@three_times
def test_of_two_callers_that_waited_for_one_attempt_one_gets_it(racetrack: Backend) -> None:
    """Both have seen that the wait is over."""
    account = an_address()
    for number in range(FREE_FAILURES):
        attempts.attempt(racetrack.throttles, account, now=NOW + timedelta(seconds=number))
    racing = MeetAfterRefusal(racetrack.throttles, Meeting(2))
    outcomes = together(2, lambda _: attempts.attempt(racing, account, an_increment(), now=NOW + timedelta(minutes=1)))
    refused = next(outcome for outcome in outcomes if isinstance(outcome, TooManyAttempts))

    assert kinds(outcomes) == {"Attempt": 1, "TooManyAttempts": 1}
    assert refused.retry_after == 60


def _confirm(verification: EmailVerification, token: str, password: str, number: int = 99) -> LoggedIn:
    return verification.confirm(token, password, None, caller(number), NOW)
