"""Turn the second factor off, and replace the recovery codes: with a factor only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.errors import (
    AccountsError,
    NotFound,
    SecondFactorOff,
    TooManyAttempts,
    Unauthenticated,
    WrongSecondFactor,
)
from accounts.flows.people.session_opening import LoggedIn, Opened
from accounts.limits import FREE_FAILURES, TRUSTED_BROWSERS_PER_ACCOUNT
from accounts.model import messages, second_factors
from accounts.model.audit import Record
from accounts.model.factor_proofs import Trusted
from accounts.model.second_factors import Status, public_id
from accounts.secrets import digest
from tests.unit.accounts.flows.factors.stage import (
    STEP,
    TRUSTED,
    FactorService,
    account,
    passkey_login,
    sessions_of,
    with_passkey,
)
from tests.unit.accounts.stage import NOW, OWNER, Interleaved, cookie, later, placed

OTHER, ENDED = digest("another browser"), digest("a browser that is not trusted")
MANY = [digest(str(number)) for number in range(TRUSTED_BROWSERS_PER_ACCOUNT)]
Change = Callable[[FactorService, LoggedIn, str], Any]


def ids(*browsers: str) -> list[str]:
    return [public_id(browser) for browser in browsers]


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
    assert service.notices.messages[-1] == messages.SecondFactorTurnedOff(owner.session.user_id, **placed(NOW + STEP))
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
    assert service.notices.messages[-1] == messages.RecoveryCodesReplaced(owner.session.user_id, **placed(NOW + STEP))
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
        on=False, recovery_codes_left=0, trusted_browsers={}
    )
    app, _ = service.turn_on(owner)
    service.finish_step(service.first_step(), app.code(), trust=True)
    ends = NOW + timedelta(days=30)

    assert service.second_factor_status.of_account(user_id, NOW) == Status(
        on=True, recovery_codes_left=10, trusted_browsers={OWNER.known_browser: TRUSTED}, reset_at=None
    )
    assert service.second_factor_status.of_account(user_id, ends).trusted_browsers == {}


def test_trust_in_browsers_ends(service: FactorService, owner: LoggedIn) -> None:
    """Only in those that are named, at the next login there. Nothing is logged out (MF-14)."""
    app, _ = service.turn_on(owner)
    service.finish_step(service.first_step(), app.code(), trust=True)
    user_id, before = owner.session.user_id, sessions_of(service, owner)
    service.world.user(user_id, trusted_browsers={**account(service, owner).trusted_browsers, OTHER: TRUSTED})
    service.world.records.clear()
    service.trust_revocation.end(user_id, ids(OWNER.known_browser, ENDED), OWNER, later(minutes=1))

    assert account(service, owner).trusted_browsers == {OTHER: TRUSTED}
    assert sessions_of(service, owner) == before
    assert service.first_step(later(minutes=1))
    detail = {"name": TRUSTED.name}
    (record,) = service.world.records
    assert record == Record(user_id, "authn_browser_trust_ended", later(minutes=1), OWNER, detail, record.serial)


def test_all_trust_ends_at_once(service: FactorService, owner: LoggedIn) -> None:
    """The activity names each kind of browser once."""
    service.turn_on(owner)
    names = {OTHER: "Safari on Mac", ENDED: "Edge on Windows", OWNER.known_browser: "Safari on Mac"}
    held = {browser: Trusted(name, NOW, later(days=30)) for browser, name in names.items()}
    service.world.user(owner.session.user_id, trusted_browsers=held)
    service.trust_revocation.end(owner.session.user_id, ids(*held), OWNER, NOW)

    assert account(service, owner).trusted_browsers == {}
    assert [it.detail for it in service.world.records] == [{"name": "Edge on Windows, Safari on Mac"}]


@pytest.mark.parametrize("asked", [[ENDED], ["not a digest"], [public_id(OTHER), *MANY]])
def test_browsers_that_are_not_trusted_are_not_found(service: FactorService, owner: LoggedIn, asked: list[str]) -> None:
    """One more than an account trusts is refused unread."""
    service.turn_on(owner)
    service.world.user(owner.session.user_id, trusted_browsers={OTHER: TRUSTED})
    with pytest.raises(NotFound):
        service.trust_revocation.end(owner.session.user_id, asked, OWNER, NOW)

    assert account(service, owner).trusted_browsers == {OTHER: TRUSTED}


def test_another_owner_ends_no_trust(service: FactorService, owner: LoggedIn) -> None:
    service.turn_on(owner)
    service.world.user(owner.session.user_id, trusted_browsers={OTHER: TRUSTED})
    stranger = service.person("stranger@example.com")
    with pytest.raises(NotFound):
        service.trust_revocation.end(stranger.session.user_id, ids(OTHER), OWNER, NOW)

    assert account(service, owner).trusted_browsers == {OTHER: TRUSTED}


def test_trust_that_ends_concurrently_is_not_an_error(service: FactorService, owner: LoggedIn) -> None:
    service.turn_on(owner)
    service.world.user(owner.session.user_id, trusted_browsers={OTHER: TRUSTED, ENDED: TRUSTED})
    rival = service.trust_revocation
    service.interposed = Interleaved(service.world, lambda: rival.end(owner.session.user_id, ids(ENDED), OWNER, NOW))
    service.trust_revocation.end(owner.session.user_id, ids(OTHER, ENDED), OWNER, NOW)

    assert account(service, owner).trusted_browsers == {}
