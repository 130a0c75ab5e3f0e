"""Any history of accounts keeps the promises: owners, thieves, providers, late emails and a clock, also interrupted."""

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.unit.accounts.flows.providers.histories import PEOPLE, UNVERIFIED, Histories
from tests.unit.accounts.stage import exactly

type Action = tuple[Any, ...]

_WHICH = st.integers(0, 1)


def _action(name: str, *details: st.SearchStrategy[Any]) -> st.SearchStrategy[Action]:
    return st.tuples(st.just(name), *details)


_LOGS_IN_WITH = _action("logs_in_with", st.sampled_from(PEOPLE))
_ASKS, _CONFIRMS = _action("asks_for_a_link", st.sampled_from(UNVERIFIED)), _action("confirms", _WHICH)
_UNLINKS = _action("unlinks", _WHICH, _WHICH)
_LINKS = _action("links", _WHICH, st.sampled_from(PEOPLE))
_LINKS_AND_UNLINKS = _action("links_and_unlinks", _WHICH, st.sampled_from(PEOPLE))
_DELIVERS, _RESETS = _action("delivers", _WHICH, st.integers(0, 1)), _action("resets_password")
_TIME_PASSES = _action("time_passes", st.sampled_from([timedelta(minutes=20), timedelta(hours=7), timedelta(days=8)]))
_PASSWORD = _action("logs_in_with_password")
_ENDS = st.sampled_from(["logs_out", "logs_out_everywhere", "deletes_the_account", "changes_password"]).flatmap(
    lambda name: _action(name, _WHICH)
)
_USES = st.sampled_from(["creates_a_key", "allows_a_program"]).flatmap(lambda name: _action(name, _WHICH))

_INTERRUPTIBLE = st.one_of(_LOGS_IN_WITH, _DELIVERS, _LINKS, _UNLINKS, _USES)


class AnyHistory(RuleBasedStateMachine):
    """Hypothesis draws the steps, and shrinks a history that fails to its shortest form."""

    def __init__(self) -> None:
        super().__init__()
        self.histories = Histories()

    @rule(action=st.one_of(_LOGS_IN_WITH, _LOGS_IN_WITH, _PASSWORD))
    def logs_in(self, action: Action) -> None:
        self.histories.happens(*action)

    @rule(action=st.one_of(_ASKS, _CONFIRMS, _DELIVERS, _RESETS))
    def reads_an_email(self, action: Action) -> None:
        self.histories.happens(*action)

    @rule(action=st.one_of(_UNLINKS, _UNLINKS, _LINKS, _ENDS, _USES, _TIME_PASSES))
    def uses_a_session(self, action: Action) -> None:
        self.histories.happens(*action)

    @rule(
        # The first write of a confirmation links. The second only logs in with what is linked.
        first=st.one_of(st.tuples(st.integers(1, 3), _INTERRUPTIBLE), st.tuples(st.just(1), _CONFIRMS)),
        second=st.one_of(_LOGS_IN_WITH, _PASSWORD, _UNLINKS, _LINKS_AND_UNLINKS, _ENDS, _RESETS),
    )
    def interrupted(self, first: tuple[int, Action], second: Action) -> None:
        self.histories.interrupted(*first, second)

    @invariant()
    def holds(self) -> None:
        self.histories.check()


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(exactly, max_examples=250, stateful_step_count=30, report_multiple_bugs=False)
