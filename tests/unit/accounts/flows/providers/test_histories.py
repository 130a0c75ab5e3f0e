"""Any history of accounts keeps the promises: owners, thieves, providers, late emails and a clock, also interrupted."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.unit.accounts.flows.providers.histories import PEOPLE, UNVERIFIED, Histories
from tests.unit.accounts.flows.providers.stage import provider_person
from tests.unit.accounts.stage import EMAIL, exactly

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


_OWNER, _OWN, _UNVERIFIED = (
    next(person for person in PEOPLE if (person.provider, person.email, person.email_verified) == ("github", *address))
    for address in ((EMAIL, True), ("eve@example.com", True), (EMAIL, False))
)
_GOOGLE = provider_person("google", "1002", "eve@example.com")
_SAID_NO = (("logs_in_with_password",), ("links", 0, _OWNER), ("unlinks", 0, 1))
_COMES_BACK, _IS_REFUSED = ("logs_in_with", _OWNER), ("logs_in_with", "address_reused")
# How identities came back, and what outlived them, before decision 0006 was superseded: steps, and which are refused.
KNOWN: dict[str, tuple[tuple[Action, ...], list[tuple[str, str]]]] = {
    "through an account that is deleted": (
        (*_SAID_NO, ("logs_in_with", _OWN), ("deletes_the_account", 0), _COMES_BACK),
        [_IS_REFUSED],
    ),
    "through an unverified address": (
        (*_SAID_NO, ("logs_in_with", _UNVERIFIED), _COMES_BACK),
        [("logs_in_with", "email_not_verified"), _IS_REFUSED],
    ),
    "through an account that unlinks it": (
        (*_SAID_NO, ("logs_in_with", _OWN), ("links", 0, _GOOGLE), ("unlinks", 0, 1), _COMES_BACK),
        [_IS_REFUSED],
    ),
    "in the session that it opened": (
        (*_SAID_NO[:2], ("logs_in_with", _OWNER), ("allows_a_program", 0), ("unlinks", 1, 1)),
        [],
    ),
    "by a link from before the account": (
        (("asks_for_a_link", _UNVERIFIED), ("logs_in_with_password",), ("confirms", 0)),
        [("confirms", "invalid_link")],
    ),
}


@pytest.mark.parametrize("history", KNOWN)
def test_a_known_attack_is_refused(history: str) -> None:
    """Each step but the refused ones must work, or the attack would prove nothing. The model checks the rest."""
    steps, refused = KNOWN[history]
    histories = Histories()
    for step in steps:
        histories.happens(*step)
        histories.check()

    assert histories.refused == refused


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(exactly, max_examples=250, stateful_step_count=30, report_multiple_bugs=False)
