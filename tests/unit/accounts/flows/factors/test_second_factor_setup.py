"""Turn the second factor on: with a code, once, for one account."""

from datetime import timedelta

import pytest

from accounts import secrets
from accounts.errors import (
    AccountsError,
    ReauthenticationRequired,
    SecondFactorOn,
    SetupExpired,
    TooManyAttempts,
    Unauthenticated,
    WrongSecondFactor,
)
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import SECOND_FACTOR_CHANGES_PER_ACCOUNT_PER_DAY
from accounts.model import messages, second_factors
from accounts.model.sessions import require_fresh
from tests.unit.accounts.flows.factors.stage import STEP, App, FactorService, account, sessions_of
from tests.unit.accounts.stage import NEW_EMAIL, NOW, OWNER, Interleaved, cookie, later, placed


def refusal(service: FactorService, owner: LoggedIn, setup: str, code: str) -> type[AccountsError]:
    with pytest.raises(AccountsError) as refused:
        service.second_factor_setup.confirm(owner.session, setup, code, OWNER, NOW)
    return type(refused.value)


def test_it_is_off_until_it_is_confirmed(service: FactorService, owner: LoggedIn) -> None:
    """The secret is stored sealed, under the digest of the setup's name."""
    started = service.second_factor_setup.start(owner.session, NOW)
    (token,) = (it for it in service.world.tokens.values() if it.purpose == "second-factor-setup")

    assert not second_factors.is_on(account(service, owner))
    assert (token.digest, token.subject) == (secrets.digest(started.setup), owner.session.digest)
    assert token.expires_at == later(minutes=10)
    assert service.totp_secrets.unseal(token.data["totp"], owner.session.user_id) == started.secret


def test_a_code_turns_it_on(service: FactorService, owner: LoggedIn) -> None:
    """All other sessions end, the owner is emailed, and ten recovery codes are returned, stored as digests (MF-08)."""
    other = service.log_in()
    started = service.second_factor_setup.start(owner.session, NOW)
    code = App(started.secret).code()
    codes = service.second_factor_setup.confirm(owner.session, started.setup, f"{code[:3]} {code[3:]}", OWNER, NOW)
    after = account(service, owner)

    assert sessions_of(service, owner) == {owner.session.digest}
    assert other.session.digest not in after.sessions
    assert (after.totp_step, after.secured_at) == (int(NOW.timestamp()) // 30, NOW)
    assert after.recovery_codes == second_factors.digests(codes)
    assert len(after.recovery_codes) == 10
    assert {len(group) for it in codes for group in it.split("-")} == {4}
    assert service.notices.messages[-1] == messages.SecondFactorTurnedOn(owner.session.user_id, **placed())
    assert [it.event for it in service.world.records][-1] == "authn_second_factor_on"
    assert started.secret not in str(vars(service.world)).replace(after.totp, "")
    assert all(it.replace("-", "") not in str(vars(service.world)) for it in codes)


def test_a_wrong_code_turns_nothing_on(service: FactorService, owner: LoggedIn) -> None:
    started = service.second_factor_setup.start(owner.session, NOW)
    late = App(started.secret).code(NOW - 2 * STEP)

    assert {refusal(service, owner, started.setup, code) for code in (late, "", "x" * 6)} == {WrongSecondFactor}
    assert not second_factors.is_on(account(service, owner))
    assert service.second_factor_setup.confirm(owner.session, started.setup, App(started.secret).code(), OWNER, NOW)


def test_a_setup_belongs_to_its_session(service: FactorService, owner: LoggedIn) -> None:
    """Not to another one of the account, nor to another account (MF-05)."""
    started = service.second_factor_setup.start(owner.session, NOW)
    code = App(started.secret).code()

    assert refusal(service, service.log_in(), started.setup, code) is SetupExpired
    assert refusal(service, service.person(NEW_EMAIL), started.setup, code) is SetupExpired
    assert refusal(service, owner, "x" * 43, code) is SetupExpired


@pytest.mark.parametrize(
    ("after", "expired"), [(timedelta(minutes=10, microseconds=-1), False), (timedelta(minutes=10), True)]
)
def test_a_setup_expires(service: FactorService, owner: LoggedIn, after: timedelta, *, expired: bool) -> None:
    started = service.second_factor_setup.start(owner.session, NOW)
    code, at = App(started.secret).code(NOW + after), NOW + after
    if expired:
        with pytest.raises(SetupExpired):
            service.second_factor_setup.confirm(owner.session, started.setup, code, OWNER, at)
    else:
        assert service.second_factor_setup.confirm(owner.session, started.setup, code, OWNER, at)


def test_it_is_turned_on_once(service: FactorService, owner: LoggedIn) -> None:
    """A second setup that began before does not replace the first."""
    early = service.second_factor_setup.start(owner.session, NOW)
    service.turn_on(owner)

    assert refusal(service, owner, early.setup, App(early.secret).code()) is SecondFactorOn
    with pytest.raises(SecondFactorOn):
        service.second_factor_setup.start(owner.session, NOW)


def test_of_two_confirmations_one_turns_it_on(service: FactorService, owner: LoggedIn) -> None:
    """Both have read the account before either writes."""
    setups = [service.second_factor_setup.start(owner.session, NOW) for _ in range(2)]
    rival = FactorService(service.world)
    first = App(setups[0].secret).code()
    service.interposed = Interleaved(
        service.world, lambda: rival.second_factor_setup.confirm(owner.session, setups[0].setup, first, OWNER, NOW)
    )

    assert refusal(service, owner, setups[1].setup, App(setups[1].secret).code()) is SecondFactorOn
    assert service.totp_secrets.unseal(account(service, owner).totp, owner.session.user_id) == setups[0].secret


def test_a_login_that_finishes_while_it_is_turned_on_ends(service: FactorService, owner: LoggedIn) -> None:
    """It passed one factor only. The account is read again, because it has changed."""
    started, rival = service.second_factor_setup.start(owner.session, NOW), FactorService(service.world)
    service.interposed = Interleaved(service.world, rival.log_in)
    service.second_factor_setup.confirm(owner.session, started.setup, App(started.secret).code(), OWNER, NOW)

    assert sessions_of(service, owner) == {owner.session.digest}


def test_a_session_that_has_ended_turns_nothing_on(service: FactorService, owner: LoggedIn) -> None:
    started = service.second_factor_setup.start(owner.session, NOW)
    service.logout.here(cookie(owner), OWNER, NOW)

    assert refusal(service, owner, started.setup, App(started.secret).code()) is Unauthenticated


def test_an_account_is_limited(service: FactorService, owner: LoggedIn) -> None:
    for _ in range(SECOND_FACTOR_CHANGES_PER_ACCOUNT_PER_DAY):
        service.second_factor_setup.start(owner.session, NOW)
    with pytest.raises(TooManyAttempts):
        service.second_factor_setup.start(owner.session, NOW)
    with pytest.raises(TooManyAttempts):
        service.second_factor_setup.confirm(owner.session, "x" * 43, "123456", OWNER, NOW)


def test_the_session_has_to_be_fresh(owner: LoggedIn) -> None:
    """The routes ask for it; ``Route.fresh`` is checked for each in the permission tests."""
    with pytest.raises(ReauthenticationRequired):
        require_fresh(owner.session, later(minutes=15, seconds=1))
