"""Many people behind one address, with transactions that AWS would cancel: all get in, and no one waits for others."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from accounts.dynamo.transactions import DynamoTransactions
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import FREE_FAILURES
from accounts.model.messages import Signup
from tests.contract import wire
from tests.contract.backends import Backend
from tests.contract.races import kinds, together
from tests.contract.samples import NOW, an_address
from tests.contract.stories import NEW_PASSWORD, Stories, caller
from tests.contract.wire import Crowd

type Work = Callable[[], object]

PEOPLE, NEWCOMERS, GUESSES = 200, 100, 40
# DynamoDB Local answers a few at a time. A crowd that arrives within ten seconds has fewer in progress.
AT_ONCE = 50
ADDRESS = 7
AFTER_THE_WAIT = NOW + timedelta(seconds=40)


def test_a_class_logs_in_and_signs_up_from_one_address(real: Backend) -> None:
    """200 log in and 100 sign up, while a stranger there guesses at one of them (TH-13, TH-15).

    No transaction is cancelled, repeated or paused for, so each person takes as many round trips as one alone.
    """
    pauses: list[float] = []
    assert isinstance(real.transactions, DynamoTransactions)
    stories, crowd = Stories(real, {"transactions": _noting(real.transactions, pauses)}), Crowd()
    victim, *others = [stories.person() for _ in range(PEOPLE)]
    logins: list[Work] = [partial(stories.log_in, one, ADDRESS) for one in others]
    sign_ups: list[Work] = [partial(_sign_up, stories)] * NEWCOMERS
    guesses: list[Work] = [partial(stories.log_in, victim, ADDRESS, password="a guess")] * GUESSES
    with crowd.gathered(), wire.watched() as seen:
        # Guesses before, among and after the others.
        outcomes = _in_waves(guesses[:10] + _mixed(logins, sign_ups, guesses[10:30]) + guesses[30:])
        back = stories.log_in(victim, ADDRESS, now=AFTER_THE_WAIT)
    calls = Counter(name for name, _ in seen)
    queued = [message for message in stories.outbox.messages if isinstance(message, Signup)]

    assert kinds(outcomes) == {
        "InvalidCredentials": FREE_FAILURES,
        "LoggedIn": PEOPLE - 1,
        "NoneType": NEWCOMERS,
        "TooManyAttempts": GUESSES - FREE_FAILURES,
    }
    assert isinstance(back, LoggedIn)
    assert len(queued) == len({message.email for message in queued}) == NEWCOMERS
    assert (crowd.cancelled, pauses) == (0, [])
    assert calls["TransactWriteItems"] == PEOPLE + NEWCOMERS


def _noting(transactions: DynamoTransactions, pauses: list[float]) -> DynamoTransactions:
    """The same transactions; a pause before a retry is noted instead of slept."""
    noted = DynamoTransactions(pause=pauses.append)
    noted._writes = transactions._writes
    return noted


def _sign_up(stories: Stories) -> None:
    stories.signup.start(an_address(), NEW_PASSWORD, "", caller(ADDRESS), NOW)


def _mixed(*queues: list[Work]) -> list[Work]:
    """All of them, each queue spread evenly."""
    placed = [(place / len(queue), work) for queue in queues for place, work in enumerate(queue)]
    return [work for _, work in sorted(placed, key=lambda it: it[0])]


def _in_waves(work: list[Work]) -> list[object]:
    """The outcomes of all, of whom AT_ONCE start together."""
    outcomes: list[object] = []
    for first in range(0, len(work), AT_ONCE):
        wave = work[first : first + AT_ONCE]
        outcomes += together(len(wave), partial(_run, wave))
    return outcomes


def _run(wave: list[Work], number: int) -> object:
    return wave[number]()
