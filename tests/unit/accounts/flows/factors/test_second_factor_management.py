"""Turn the second factor off, and replace the recovery codes: with a factor only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.errors import AccountsError, SecondFactorOff, TooManyAttempts, Unauthenticated, WrongSecondFactor
from accounts.flows.people.session_opening import LoggedIn, Opened
from accounts.limits import FREE_FAILURES
from accounts.model import messages, second_factors
from accounts.model.second_factors import Status
from tests.unit.accounts.flows.factors.stage import (
    STEP,
    FactorService,
    account,
    passkey_login,
    sessions_of,
    with_passkey,
)
from tests.unit.accounts.stage import NOW, OWNER, Interleaved, cookie, later

Change = Callable[[FactorService, LoggedIn, str], Any]


def turn_off(service: FactorService, owner: Opened, code: str, at: Any = NOW) -> None:
    service.second_factor_management.turn_off(owner.session, code, OWNER, at)


def replace_codes(service: FactorService, owner: Opened, code: str, at: Any = NOW) -> tuple[str, ...]:
    return service.second_factor_management.replace_codes(owner.session, code, OWNER, at)


def refusal(service: FactorService, owner: LoggedIn, change: Change, code: str) -> type[AccountsError]:
    with pytest.raises(AccountsError) as refused:
        change(service, owner, code)
    return type(refused.value)


@pytest.mark.parametrize("factor", ["app", "recovery code", "passkey"])
def test_a_factor_turns_it_off(service: FactorService, owner: LoggedIn, factor: str) -> None:
    """All other sessions and the trust in browsers end, and the owner is emailed (MF-08, MF-09)."""
    device = with_passkey(service, owner)
    app, codes = service.turn_on(owner)
    service.finish_step(service.first_step(), app.code(), trust=True)
    here = passkey_login(service, device) if factor == "passkey" else owner
    code = {"app": app.code(NOW + STEP), "recovery code": codes[3], "passkey": ""}[factor]
    turn_off(service, here, code, NOW + STEP)
    after = account(service, owner)

    assert (after.totp, after.recovery_codes, after.trusted_browsers) == ("", frozenset(), {})
    assert sessions_of(service, owner) == {here.session.digest}
    assert service.notices.messages[-1] == messages.SecondFactorTurnedOff(owner.session.user_id)
    assert [it.event for it in service.world.records][-1] == "authn_second_factor_off"
    assert service.log_in(later(minutes=1))


@pytest.mark.parametrize("factor", ["app", "recovery code", "passkey"])
def test_a_factor_replaces_the_recovery_codes(service: FactorService, owner: LoggedIn, factor: str) -> None:
    """The old ones stop working; sessions stay."""
    device = with_passkey(service, owner)
    app, codes = service.turn_on(owner)
    other = service.finish_step(service.first_step(), app.code())
    here = passkey_login(service, device) if factor == "passkey" else owner
    code = {"app": app.code(NOW + STEP), "recovery code": codes[3], "passkey": ""}[factor]
    new = replace_codes(service, here, code, NOW + STEP)

    assert account(service, owner).recovery_codes == second_factors.digests(new)
    assert not set(new) & set(codes)
    assert {owner.session.digest, other.session.digest} <= sessions_of(service, owner)
    assert service.notices.messages[-1] == messages.RecoveryCodesReplaced(owner.session.user_id)
    assert [it.event for it in service.world.records][-1] == "authn_recovery_codes_replaced"


@pytest.mark.parametrize("change", [turn_off, replace_codes])
def test_nothing_changes_without_a_factor(service: FactorService, owner: LoggedIn, change: Change) -> None:
    """A wrong code, none, one that was used before, and a session that was opened with a removed passkey."""
    device = with_passkey(service, owner)
    app, codes = service.turn_on(owner)
    service.finish_step(service.first_step(), codes[0])
    by_passkey = passkey_login(service, device)
    service.world.user(owner.session.user_id, passkeys=frozenset())
    before = account(service, owner)
    wrong = ["", "000000", app.code(NOW - STEP), codes[0]]

    assert {refusal(service, owner, change, code) for code in wrong} == {WrongSecondFactor}
    assert refusal(service, by_passkey, change, "") is WrongSecondFactor
    assert account(service, owner) == before


@pytest.mark.parametrize("change", [turn_off, replace_codes])
def test_codes_are_counted_before_they_are_checked(service: FactorService, owner: LoggedIn, change: Change) -> None:
    app, codes = service.turn_on(owner)
    for _ in range(FREE_FAILURES):
        refusal(service, owner, change, "000000")

    assert refusal(service, owner, change, app.code()) is TooManyAttempts
    change(service, owner, codes[0])


@pytest.mark.parametrize("change", [turn_off, replace_codes])
def test_it_has_to_be_on(service: FactorService, owner: LoggedIn, change: Change) -> None:
    assert refusal(service, owner, change, "123456") is SecondFactorOff


@pytest.mark.parametrize("change", [turn_off, replace_codes])
def test_a_session_that_has_ended_changes_nothing(service: FactorService, owner: LoggedIn, change: Change) -> None:
    app, _ = service.turn_on(owner)
    service.logout.here(cookie(owner), OWNER, NOW)

    assert refusal(service, owner, change, app.code()) is Unauthenticated


@pytest.mark.parametrize("change", [turn_off, replace_codes])
def test_of_two_uses_of_one_code_one_succeeds(service: FactorService, owner: LoggedIn, change: Change) -> None:
    """Both have read the account before either writes."""
    app, _ = service.turn_on(owner)
    pending, rival = service.first_step(), FactorService(service.world)
    service.interposed = Interleaved(service.world, lambda: rival.finish_step(pending, app.code()))

    assert refusal(service, owner, change, app.code()) is WrongSecondFactor
    assert second_factors.is_on(account(service, owner))


def test_a_change_is_retried_when_the_account_has_changed(service: FactorService, owner: LoggedIn) -> None:
    """With the code that was checked."""
    app, _ = service.turn_on(owner)
    service.interposed = Interleaved(service.world, lambda: service.world.user(owner.session.user_id, name="Olive"))
    turn_off(service, owner, app.code())

    assert not second_factors.is_on(account(service, owner))


def test_the_state_is_shown(service: FactorService, owner: LoggedIn) -> None:
    """Never a secret. Trust that has expired is not shown."""
    user_id = owner.session.user_id
    assert service.second_factor_status.of_account(user_id, NOW) == Status(
        on=False, recovery_codes_left=0, trusted_browsers=()
    )
    app, _ = service.turn_on(owner)
    service.finish_step(service.first_step(), app.code(), trust=True)
    ends = NOW + timedelta(days=30)

    assert service.second_factor_status.of_account(user_id, NOW) == Status(
        on=True, recovery_codes_left=10, trusted_browsers=(ends,)
    )
    assert service.second_factor_status.of_account(user_id, ends).trusted_browsers == ()
