"""Codes by email that are used, tried and sent again at the same time."""

from accounts.errors import EmailCodeRequired
from accounts.flows.people.session_opening import Opened
from accounts.limits import LOGIN_CODE_TRIES, LOGIN_CODES_PER_SOURCE_PER_HOUR
from tests.contract.backends import Backend
from tests.contract.races import MeetBeforeWrite, Meeting, kinds, three_times, together
from tests.contract.samples import NOW
from tests.contract.stories import Stories, caller


class Owner:
    """An account with one session, and a login in a new browser that waits for its code."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.stories = Stories(backend, confirm_new_browsers="on")
        self.person = self.stories.person()
        self.pending = self.begin(self.stories, 1)
        self.code = self.emailed()

    def meeting(self, parties: int) -> Stories:
        """Flows of which ``parties`` wait for each other before they write."""
        return self.stories.with_stores(transactions=MeetBeforeWrite(self.backend.transactions, Meeting(parties)))

    def begin(self, stories: Stories, number: int) -> str:
        try:
            stories.log_in(self.person, number)
        except EmailCodeRequired as required:
            return required.pending
        message = "The login asked for no code."
        raise AssertionError(message)

    def emailed(self) -> str:
        self.stories.mailing.deliver(self.stories.outbox.messages[-1], NOW)
        return str(self.stories.postman.mails[-1].values["code"])

    def finish(self, stories: Stories, code: str, number: int) -> Opened:
        return stories.second_step.log_in(
            self.pending, code, trust=False, presented=None, caller=caller(number), now=NOW
        )

    def sessions(self) -> tuple[set[str], set[str]]:
        return self.stories.held_and_stored(self.person.user_id)


@three_times
def test_of_four_uses_of_a_code_one_opens_a_session(racetrack: Backend) -> None:
    """Each from a source of its own, all before any of them writes."""
    owner = Owner(racetrack)
    racing = owner.meeting(4)
    outcomes = together(4, lambda n: owner.finish(racing, owner.code, n))
    held, stored = owner.sessions()

    assert kinds(outcomes) == {"Opened": 1, "PendingLoginExpired": 3}
    assert held == stored
    assert len(held) == 2


@three_times
def test_of_eight_tries_at_once_five_are_checked(racetrack: Backend) -> None:
    """And the right code that comes after them is not."""
    owner = Owner(racetrack)
    wrong = f"{(int(owner.code) + 1) % 10**6:06}"
    outcomes = together(8, lambda n: owner.finish(owner.stories, wrong, n))
    late = together(1, lambda n: owner.finish(owner.stories, owner.code, n))

    assert kinds(outcomes) == {"InvalidEmailCode": LOGIN_CODE_TRIES, "PendingLoginExpired": 8 - LOGIN_CODE_TRIES}
    assert kinds(late) == {"PendingLoginExpired": 1}
    assert len(owner.sessions()[0]) == 1


@three_times
def test_of_eight_logins_of_one_source_at_once_few_send_a_code(racetrack: Backend) -> None:
    """One was sent before."""
    owner = Owner(racetrack)
    left = LOGIN_CODES_PER_SOURCE_PER_HOUR - 1
    outcomes = together(8, lambda _: owner.begin(owner.stories, 1))

    assert kinds(outcomes) == {"str": left, "TooManyAttempts": 8 - left}
    assert len(owner.stories.outbox.messages) == LOGIN_CODES_PER_SOURCE_PER_HOUR


@three_times
def test_a_code_that_is_replaced_while_it_is_used_opens_one_session(racetrack: Backend) -> None:
    """The email that is sent again comes before the use, or after it; then it opens nothing."""
    owner = Owner(racetrack)
    owner.stories.browser_confirmation.send_again(owner.pending, caller(1), NOW)
    again, first = owner.stories.outbox.messages[-1], owner.code
    racing = owner.meeting(2)
    steps = [
        lambda: str(racing.mailing.deliver(again, NOW)),
        lambda: owner.finish(racing, first, 2),
    ]
    outcomes = together(2, lambda n: steps[n]())
    late = owner.stories.mailing.deliver(again, NOW)

    assert kinds(outcomes) == {"str": 1, "Opened": 1}
    assert late == "nobody_to_tell"
    assert len(owner.sessions()[0]) == 2
