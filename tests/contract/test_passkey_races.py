"""Logins with passkeys, new ones and removals that all read before any of them writes."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts import secrets
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import PASSKEYS_PER_ACCOUNT
from accounts.model.passkeys import Assertion, Passkey, public_id
from accounts.model.users import User
from tests.authenticators import Authenticator
from tests.contract.backends import Backend
from tests.contract.races import MeetBeforeWrite, Meeting, kinds, three_times, together
from tests.contract.samples import NOW
from tests.contract.stories import Person, Stories, caller

LATER = NOW + timedelta(minutes=1)
BROWSER = secrets.digest("the cookie of a login with a passkey")


class Owner:
    """An account with a password and passkeys, and one session, which holds a challenge for each new passkey."""

    def __init__(self, backend: Backend, *, passkeys: int = 1) -> None:
        self.backend = backend
        self.stories = Stories(backend)
        self.person: Person = self.stories.person()
        self.devices = [Authenticator() for _ in range(passkeys)]
        for device in self.devices:
            self.creating(device)(self.stories)

    def meeting(self, parties: int) -> Stories:
        """Flows of which ``parties`` wait for each other before they write."""
        return self.stories.with_stores(transactions=MeetBeforeWrite(self.backend.transactions, Meeting(parties)))

    def creating(self, device: Authenticator) -> Callable[[Stories], Passkey]:
        """Asks for a challenge now; the returned step stores the passkey."""
        session = self.stories.session(self.person)
        invited = self.stories.passkey_creation.invite(session, caller(0), NOW)
        response = device.create(invited.challenge, self.person.user_id)
        return lambda stories: stories.passkey_creation.create(session, response, "Phone", caller(0), NOW)

    def answer(self, device: Authenticator) -> Assertion:
        return device.sign(self.stories.passkey_login.invite(BROWSER, caller(1), NOW))

    def log_in(self, stories: Stories, response: Assertion) -> LoggedIn:
        return stories.passkey_login.log_in(
            response, BROWSER, remember=False, presented=None, caller=caller(1), now=LATER
        )

    def remove(self, stories: Stories, device: Authenticator) -> None:
        session, passkey_id = stories.session(self.person), public_id(device.credential_id)
        stories.passkey_removal.remove(session, passkey_id, caller(2), LATER)

    def remove_password(self, stories: Stories) -> None:
        stories.password_removal.remove(stories.session(self.person), caller(2), LATER)

    def close(self, stories: Stories) -> None:
        stories.account_closing.close(stories.session(self.person), caller(2), LATER)

    @property
    def account(self) -> User | None:
        return self.backend.users.get(self.person.user_id)

    def listed_and_stored(self) -> tuple[set[str], set[str]]:
        """The ids of the passkeys that the account lists, and of those that are stored."""
        stored = {passkey.credential_id for passkey in self.backend.passkeys.of_user(self.person.user_id)}
        return set(self.account.passkeys) if self.account else set(), stored

    def sessions(self) -> tuple[set[str], set[str]]:
        return self.stories.held_and_stored(self.person.user_id)


@three_times
def test_of_four_responses_to_one_challenge_one_logs_in(racetrack: Backend) -> None:
    """Of an authenticator without a counter, which could not tell them apart."""
    owner = Owner(racetrack)
    response, racing = owner.answer(owner.devices[0]), owner.meeting(4)
    outcomes = together(4, lambda _: owner.log_in(racing, response))
    held, stored = owner.sessions()

    assert kinds(outcomes) == {"InvalidPasskey": 3, "LoggedIn": 1}
    assert held == stored
    assert len(held) == 2


@three_times
def test_of_two_authenticators_with_one_counter_one_logs_in(racetrack: Backend) -> None:
    """Each has a challenge of its own. The other is a copy."""
    owner = Owner(racetrack)
    owner.devices[0].counter = 5
    responses, racing = [owner.answer(owner.devices[0]) for _ in range(2)], owner.meeting(2)
    outcomes = together(2, lambda n: owner.log_in(racing, responses[n]))
    copied = [it for it in racetrack.history(owner.person.user_id) if it["event"] == "authn_passkey_copied"]

    assert kinds(outcomes) == {"InvalidPasskey": 1, "LoggedIn": 1}
    assert len(copied) == 1


@three_times
def test_of_two_passkeys_for_the_last_place_one_is_stored(racetrack: Backend) -> None:
    owner = Owner(racetrack, passkeys=PASSKEYS_PER_ACCOUNT - 1)
    steps, racing = [owner.creating(Authenticator()) for _ in range(2)], owner.meeting(2)
    outcomes = together(2, lambda n: steps[n](racing))
    listed, stored = owner.listed_and_stored()

    assert kinds(outcomes) == {"Passkey": 1, "PasskeyLimitReached": 1}
    assert listed == stored
    assert len(listed) == PASSKEYS_PER_ACCOUNT


@three_times
def test_one_challenge_creates_one_passkey(racetrack: Backend) -> None:
    """Two authenticators answer it."""
    owner = Owner(racetrack, passkeys=0)
    session = owner.stories.session(owner.person)
    invited = owner.stories.passkey_creation.invite(session, caller(0), NOW)
    racing = owner.meeting(2)
    responses = [Authenticator().create(invited.challenge, owner.person.user_id) for _ in range(2)]
    outcomes = together(2, lambda n: racing.passkey_creation.create(session, responses[n], "Phone", caller(0), NOW))
    listed, stored = owner.listed_and_stored()

    assert kinds(outcomes) == {"Passkey": 1, "PasskeyNotAccepted": 1}
    assert listed == stored
    assert len(listed) == 1


@three_times
def test_removing_a_passkey_and_a_login_with_it_leave_no_session_of_it(racetrack: Backend) -> None:
    """In either order, only the session that removed it is left."""
    owner = Owner(racetrack)
    (device,) = owner.devices
    response, racing = owner.answer(device), owner.meeting(2)
    login, removal = together(2, lambda n: owner.remove(racing, device) if n else owner.log_in(racing, response))
    digest = owner.person.session.digest

    assert removal is None
    assert kinds([login]).keys() <= {"InvalidPasskey", "LoggedIn"}
    assert owner.listed_and_stored() == (set(), set())
    assert owner.sessions() == ({digest}, {digest})


@three_times
def test_deleting_an_account_leaves_no_passkey_that_is_added_at_once(racetrack: Backend) -> None:
    owner = Owner(racetrack)
    create, racing = owner.creating(Authenticator()), owner.meeting(2)
    created, closed = together(2, lambda n: owner.close(racing) if n else create(racing))

    assert closed is None
    assert kinds([created]).keys() <= {"Passkey", "PasskeyNotAccepted", "Unauthenticated"}
    assert owner.account is None
    assert owner.listed_and_stored() == (set(), set())


@three_times
@pytest.mark.parametrize("other", ["a passkey", "the password"])
def test_two_removals_at_once_leave_a_login_method(racetrack: Backend, other: str) -> None:
    """Two passkeys without a password; or the password, which needs two other methods, and one of these."""
    owner = Owner(racetrack, passkeys=2)
    first, second = owner.devices
    if other == "a passkey":
        owner.remove_password(owner.stories)
    racing = owner.meeting(2)
    remove_other = owner.remove_password if other == "the password" else lambda it: owner.remove(it, second)
    outcomes = together(2, lambda n: remove_other(racing) if n else owner.remove(racing, first))
    left = kinds(outcomes)

    assert left == {"LastIdentity": 1, "NoneType": 1} if other == "a passkey" else "NoneType" in left
    assert owner.listed_and_stored()[0] == owner.listed_and_stored()[1] != set()
