"""Codes, recovery codes, pending logins and changes of the second factor that all read before any of them writes."""

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest

from accounts.errors import SecondFactorRequired
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.flows.people.session_opening import Opened
from accounts.limits import SECOND_FACTOR_RESET_WAIT
from accounts.model import second_factors
from accounts.model.users import User
from tests.contract.backends import Backend
from tests.contract.races import MeetBeforeWrite, Meeting, kinds, three_times, together
from tests.contract.samples import NOW
from tests.contract.stories import PASSWORD, Stories, caller

LATER = NOW + timedelta(minutes=1)


class Owner:
    """An account with a second factor, and one session."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.stories = Stories(backend)
        self.person = self.stories.person()
        self.session = self.stories.session(self.person)
        started = self.stories.second_factor_setup.start(self.session, NOW)
        self.app = pyotp.TOTP(started.secret)
        self.recovery_codes = self.stories.second_factor_setup.confirm(
            self.session, started.setup, self.app.at(NOW), caller(0), NOW
        )

    @property
    def code(self) -> str:
        return self.app.at(LATER)

    def meeting(self, parties: int) -> Stories:
        """Flows of which ``parties`` wait for each other before they write."""
        return self.stories.with_stores(transactions=MeetBeforeWrite(self.backend.transactions, Meeting(parties)))

    def pending(self, number: int = 0) -> str:
        """The token of a login whose password was right."""
        with pytest.raises(SecondFactorRequired) as required:
            self.stories.log_in(self.person, number, password=PASSWORD, now=LATER)
        return required.value.pending

    def finish(self, stories: Stories, pending: str, code: str, number: int = 0) -> Opened:
        return stories.second_step.log_in(pending, code, trust=False, presented=None, caller=caller(number), now=LATER)

    def turn_off(self, stories: Stories, code: str) -> None:
        stories.second_factor_management.turn_off(self.session, code, caller(0), LATER)

    def sessions(self) -> tuple[set[str], set[str]]:
        return self.stories.held_and_stored(self.person.user_id)


@three_times
def test_of_four_logins_with_one_code_one_opens_a_session(racetrack: Backend) -> None:
    """Each in a browser and from a source of its own."""
    owner = Owner(racetrack)
    pending, racing = [owner.pending(number) for number in range(4)], owner.meeting(4)
    outcomes = together(4, lambda n: owner.finish(racing, pending[n], owner.code, n))
    held, stored = owner.sessions()

    assert kinds(outcomes) == {"InvalidSecondFactor": 3, "Opened": 1}
    assert held == stored
    assert len(held) == 2


@three_times
def test_of_four_logins_with_one_recovery_code_one_opens_a_session(racetrack: Backend) -> None:
    owner = Owner(racetrack)
    pending, racing = [owner.pending(number) for number in range(4)], owner.meeting(4)
    outcomes = together(4, lambda n: owner.finish(racing, pending[n], owner.recovery_codes[0], n))
    account = racetrack.users.get(owner.person.user_id)

    assert kinds(outcomes) == {"InvalidSecondFactor": 3, "Opened": 1}
    assert account is not None
    assert len(account.recovery_codes) == 9


@three_times
def test_of_four_uses_of_a_pending_login_one_opens_a_session(racetrack: Backend) -> None:
    """Each with a recovery code of its own; those of the others are not used up."""
    owner = Owner(racetrack)
    pending, racing = owner.pending(), owner.meeting(4)
    outcomes = together(4, lambda n: owner.finish(racing, pending, owner.recovery_codes[n], n))
    account = racetrack.users.get(owner.person.user_id)

    assert kinds(outcomes) == {"Opened": 1, "PendingLoginExpired": 3}
    assert account is not None
    assert len(account.recovery_codes) == 9


@three_times
def test_one_code_opens_a_session_or_turns_the_factor_off(racetrack: Backend) -> None:
    """Never both."""
    owner = Owner(racetrack)
    pending, racing = owner.pending(), owner.meeting(2)
    steps: list[Callable[[], object]] = [
        lambda: owner.finish(racing, pending, owner.code),
        lambda: owner.turn_off(racing, owner.code),
    ]
    outcomes = kinds(together(2, lambda n: steps[n]()))
    account = racetrack.users.get(owner.person.user_id)

    assert account is not None
    assert outcomes in ({"Opened": 1, "WrongSecondFactor": 1}, {"NoneType": 1, "PendingLoginExpired": 1})
    assert bool(account.totp) == ("Opened" in outcomes)


@three_times
def test_a_login_with_one_factor_does_not_survive_the_second(racetrack: Backend) -> None:
    """A login that began before the factor was turned on finishes before it, and ends; or after it, and is asked."""
    stories = Stories(racetrack)
    person = stories.person()
    session = stories.session(person)
    started = stories.second_factor_setup.start(session, NOW)
    code = pyotp.TOTP(started.secret).at(NOW)
    racing = stories.with_stores(transactions=MeetBeforeWrite(racetrack.transactions, Meeting(2)))
    steps: list[Callable[[], object]] = [
        lambda: racing.second_factor_setup.confirm(session, started.setup, code, caller(0), NOW),
        lambda: racing.log_in(person, 1),
    ]
    outcomes = kinds(together(2, lambda n: steps[n]()))
    held, stored = stories.held_and_stored(person.user_id)

    assert outcomes in ({"SecondFactorRequired": 1, "tuple": 1}, {"LoggedIn": 1, "tuple": 1})
    assert held == stored == {session.digest}


@three_times
def test_of_two_setups_one_turns_it_on(racetrack: Backend) -> None:
    stories = Stories(racetrack)
    person = stories.person()
    session = stories.session(person)
    setups = [stories.second_factor_setup.start(session, NOW) for _ in range(2)]
    racing = stories.with_stores(transactions=MeetBeforeWrite(racetrack.transactions, Meeting(2)))
    outcomes = together(
        2,
        lambda n: racing.second_factor_setup.confirm(
            session, setups[n].setup, pyotp.TOTP(setups[n].secret).at(NOW), caller(n), NOW
        ),
    )

    assert kinds(outcomes) == {"SecondFactorOn": 1, "tuple": 1}


DUE = NOW + SECOND_FACTOR_RESET_WAIT


class Losing(Owner):
    """An owner without their phone, whose reset is due at DUE."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self.stories.factor_reset.request(self.asked, NOW)

    @property
    def asked(self) -> OperatorRequest:
        return OperatorRequest(self.person.user_id, "an operator")

    def log_in(self, stories: Stories, number: int) -> object:
        return stories.log_in(self.person, number, password=PASSWORD, now=DUE)

    @property
    def account(self) -> User:
        found = self.backend.users.get(self.person.user_id)
        assert found is not None
        return found


@three_times
@pytest.mark.parametrize("by", ["owner", "operator"])
def test_a_reset_is_cancelled_or_applied(racetrack: Backend, by: str) -> None:
    """All read the reset that is due before any of them writes: one wins, and the other learns it."""
    owner = Losing(racetrack)
    racing = owner.meeting(2)
    cancel: dict[str, Callable[[], object]] = {
        "owner": lambda: racing.reset_cancellation.cancel(owner.session, caller(0), DUE),
        "operator": lambda: racing.factor_reset.cancel(owner.asked, DUE),
    }
    steps = [cancel[by], lambda: owner.log_in(racing, 1)]
    outcomes = kinds(together(2, lambda n: steps[n]()))
    held, stored = owner.sessions()

    cancelled = {"owner": {"NoneType": 1}, "operator": {"bool": 1}}[by] | {"SecondFactorRequired": 1}
    applied = {"owner": {"Unauthenticated": 1}, "operator": {"bool": 1}}[by] | {"LoggedIn": 1}
    assert outcomes in (cancelled, applied)
    assert bool(owner.account.totp) == ("LoggedIn" not in outcomes)
    assert (owner.account.factor_reset_at, held) == (None, stored)
    assert len(held) == 1


@three_times
def test_a_code_and_a_reset_have_one_winner(racetrack: Backend) -> None:
    """A code that is typed while a login applies the reset either cancels it or is refused."""
    owner = Losing(racetrack)
    pending = owner.pending()
    owner.backend.commit(second_factors.SetReset(owner.account, LATER))
    racing = owner.meeting(2)
    steps: list[Callable[[], object]] = [
        lambda: owner.finish(racing, pending, owner.code),
        lambda: racing.log_in(owner.person, 1, password=PASSWORD, now=LATER),
    ]
    outcomes = kinds(together(2, lambda n: steps[n]()))
    held, stored = owner.sessions()

    assert outcomes in ({"Opened": 1, "SecondFactorRequired": 1}, {"LoggedIn": 1, "PendingLoginExpired": 1})
    assert bool(owner.account.totp) == ("Opened" in outcomes)
    assert (owner.account.factor_reset_at, held) == (None, stored)


@three_times
def test_of_four_logins_one_applies_the_reset(racetrack: Backend) -> None:
    """The others open sessions beside it: the second factor is gone, and is removed once."""
    owner = Losing(racetrack)
    racing = owner.meeting(4)
    outcomes = kinds(together(4, lambda n: owner.log_in(racing, n)))
    held, stored = owner.sessions()
    records = [it.event for it in racetrack.audit.some(owner.person.user_id, 50)]

    assert outcomes == {"LoggedIn": 4}
    assert (len(held), held, owner.account.totp) == (4, stored, "")
    assert records.count("authn_second_factor_reset") == 1


@three_times
def test_of_two_operators_one_sets_the_time(racetrack: Backend) -> None:
    """Both learn it."""
    owner = Owner(racetrack)
    asked, racing = OperatorRequest(owner.person.user_id, "an operator"), owner.meeting(2)
    moments = (NOW, LATER)
    outcomes = together(2, lambda n: racing.factor_reset.request(asked, moments[n]))
    account = racetrack.users.get(owner.person.user_id)

    assert account is not None
    assert {getattr(it, "reset_at", it) for it in outcomes} == {account.factor_reset_at}
    assert sorted(getattr(it, "is_new", False) for it in outcomes) == [False, True]
