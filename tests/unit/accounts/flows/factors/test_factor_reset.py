"""A reset of the second factor, as operators request it: it waits, its owner can cancel it, and a login applies it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.errors import (
    InvalidCredentials,
    InvalidPasskey,
    NotPossibleNow,
    PendingLoginExpired,
    SecondFactorOff,
    SecondFactorRequired,
    Unauthenticated,
    Unavailable,
)
from accounts.flows.operators.factor_reset import Requested
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import SECOND_FACTOR_RESET_KEPT, SECOND_FACTOR_RESET_WAIT, SESSIONS_PER_ACCOUNT
from accounts.model import messages, user_agents
from accounts.model.audit import Caller
from tests.unit.accounts.flows.factors.stage import (
    STEP,
    App,
    FactorService,
    account,
    passkey_login,
    request_reset,
    sessions_of,
    with_passkey,
)
from tests.unit.accounts.stage import (
    NOW,
    OPERATOR,
    OTHER_PASSWORD,
    OWNER,
    Interleaved,
    cookie,
    key_credential,
    later,
    operator_request,
)

DUE = NOW + timedelta(hours=24)
LAPSED = DUE + timedelta(days=7)
INSTANT = timedelta(microseconds=1)
ATTACKER = Caller("203.0.113.9", "an attacker's browser")
BY_OPERATOR = {"by": "operator", "operator": OPERATOR}
CANCELLED = "authn_second_factor_reset_cancelled"


@pytest.fixture
def app(service: FactorService, owner: LoggedIn) -> App:
    """The owner's, from before they lost it."""
    app, _ = service.turn_on(owner)
    return app


@pytest.fixture
def user_id(owner: LoggedIn) -> str:
    return owner.session.user_id


def events(service: FactorService) -> list[tuple[str, str, dict[str, str]]]:
    return [(it.event, it.caller.source, dict(it.detail)) for it in service.world.records if "_reset" in it.event]


def cancelled_at(user_id: str, at: datetime) -> messages.SecondFactorResetCancelled:
    return messages.SecondFactorResetCancelled(user_id, **user_agents.place(OWNER, at))


def is_asked(service: FactorService, now: datetime, *, caller: Caller = OWNER) -> bool:
    """Whether a login with the right password is asked for the second factor."""
    try:
        service.first_step(now, caller=caller)
    except AssertionError:
        return False
    return True


def test_the_limits() -> None:
    assert timedelta(hours=24) == SECOND_FACTOR_RESET_WAIT
    assert timedelta(days=7) == SECOND_FACTOR_RESET_KEPT


@pytest.mark.usefixtures("app")
def test_a_request_is_recorded_and_emailed_at_once(service: FactorService, owner: LoggedIn) -> None:
    """The record names the operator, the email the time. Nothing else changes (MF-22)."""
    before = account(service, owner)
    requested = service.factor_reset.request(operator_request(before.user_id), NOW)
    after = account(service, owner)

    assert requested == Requested(DUE, is_new=True)
    detail = {**BY_OPERATOR, "reset_at": DUE.isoformat()}
    assert events(service) == [("authn_second_factor_reset_requested", "", detail)]
    assert service.outbox.messages == [messages.SecondFactorResetRequested(before.user_id, DUE)]
    assert (after.factor_reset_at, after.totp, after.sessions) == (DUE, before.totp, before.sessions)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("at", "asked"), [(DUE - INSTANT, True), (DUE, False), (LAPSED - INSTANT, False), (LAPSED, True)]
)
def test_it_takes_effect_after_24_hours_and_for_a_week(
    service: FactorService, owner: LoggedIn, at: datetime, *, asked: bool
) -> None:
    """At a login, never by time alone."""
    request_reset(service, owner)

    assert is_asked(service, at) is asked
    assert bool(account(service, owner).totp) is asked


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("at", [NOW + INSTANT, DUE, LAPSED - INSTANT])
def test_a_repeated_request_changes_nothing(
    service: FactorService, owner: LoggedIn, user_id: str, at: datetime
) -> None:
    """It neither shortens nor restarts the wait, and the operator learns the time of the first."""
    request_reset(service, owner)
    before, told = account(service, owner), list(service.outbox.messages)

    assert service.factor_reset.request(operator_request(user_id), at) == Requested(DUE, is_new=False)
    assert (account(service, owner), service.outbox.messages, len(events(service))) == (before, told, 1)


@pytest.mark.usefixtures("app")
def test_a_request_that_lapsed_is_made_again(service: FactorService, owner: LoggedIn) -> None:
    """With a wait of its own."""
    request_reset(service, owner)

    assert request_reset(service, owner, LAPSED) == LAPSED + timedelta(hours=24)
    assert is_asked(service, LAPSED)


@pytest.mark.usefixtures("app")
def test_of_two_operators_one_sets_the_time(service: FactorService, owner: LoggedIn, user_id: str) -> None:
    rival = FactorService(service.world)
    service.interposed = Interleaved(service.world, lambda: request_reset(rival, owner, NOW - STEP))

    assert service.factor_reset.request(operator_request(user_id), NOW) == Requested(DUE - STEP, is_new=False)
    assert (account(service, owner).factor_reset_at, len(events(service))) == (DUE - STEP, 1)


@pytest.mark.usefixtures("app")
def test_without_the_email_nothing_is_requested(service: FactorService, owner: LoggedIn, user_id: str) -> None:
    """An owner who is not told could not cancel it."""
    service.outbox.down = True
    with pytest.raises(Unavailable):
        service.factor_reset.request(operator_request(user_id), NOW)

    assert (account(service, owner).factor_reset_at, events(service)) == (None, [])


def test_an_account_without_a_second_factor_is_refused(service: FactorService, owner: LoggedIn, user_id: str) -> None:
    with pytest.raises(SecondFactorOff, match="nothing to reset"):
        service.factor_reset.request(operator_request(user_id), NOW)

    assert (account(service, owner).factor_reset_at, service.outbox.messages) == (None, [])


@pytest.mark.usefixtures("app")
def test_a_disabled_account_is_refused(service: FactorService, user_id: str) -> None:
    """Its owner could not cancel."""
    service.account_disabling.disable(operator_request(user_id), NOW)
    with pytest.raises(NotPossibleNow, match="Enable it first"):
        service.factor_reset.request(operator_request(user_id), NOW)


@pytest.mark.usefixtures("app")
def test_an_account_that_is_disabled_loses_its_reset(service: FactorService, owner: LoggedIn, user_id: str) -> None:
    """It does not come back when the account is enabled."""
    request_reset(service, owner)
    service.account_disabling.disable(operator_request(user_id), NOW)
    with pytest.raises(InvalidCredentials):
        service.log_in(DUE)
    service.account_enabling.enable(operator_request(user_id), DUE)

    assert is_asked(service, DUE)


@pytest.mark.usefixtures("app")
def test_an_account_that_is_disabled_during_the_request_gets_none(
    service: FactorService, owner: LoggedIn, user_id: str
) -> None:
    rival = FactorService(service.world)
    asked = operator_request(user_id)
    service.interposed = Interleaved(service.world, lambda: rival.account_disabling.disable(asked, NOW))
    with pytest.raises(NotPossibleNow):
        service.factor_reset.request(asked, NOW)

    assert account(service, owner).factor_reset_at is None


@pytest.mark.usefixtures("app")
def test_the_owner_cancels_it(service: FactorService, owner: LoggedIn, user_id: str) -> None:
    """Recorded and emailed; a second time is not an error. Also when it is due."""
    request_reset(service, owner)
    for _ in range(2):
        service.reset_cancellation.cancel(owner.session, OWNER, DUE)

    assert events(service)[1:] == [(CANCELLED, OWNER.source, {})]
    assert service.notices.messages == [cancelled_at(user_id, DUE)]
    assert is_asked(service, DUE)


@pytest.mark.usefixtures("app")
def test_an_ended_session_cancels_nothing(service: FactorService, owner: LoggedIn) -> None:
    request_reset(service, owner)
    service.world.user(owner.session.user_id, sessions={})
    with pytest.raises(Unauthenticated):
        service.reset_cancellation.cancel(owner.session, OWNER, NOW)

    assert account(service, owner).factor_reset_at == DUE


@pytest.mark.usefixtures("app")
def test_an_operator_cancels_it(service: FactorService, owner: LoggedIn, user_id: str) -> None:
    request_reset(service, owner)

    assert [service.factor_reset.cancel(operator_request(user_id), DUE) for _ in range(2)] == [True, False]
    assert events(service)[1:] == [(CANCELLED, "", BY_OPERATOR)]
    assert service.notices.messages == [messages.SecondFactorResetCancelled(user_id)]
    assert is_asked(service, DUE)


Proof = Callable[[FactorService, LoggedIn], object]


def type_a_code(service: FactorService, owner: LoggedIn) -> None:
    app, _ = service.turn_on(owner)
    request_reset(service, owner)
    service.finish_step(service.first_step(DUE - STEP), app.code(DUE), DUE)


def type_a_recovery_code(service: FactorService, owner: LoggedIn) -> None:
    _, codes = service.turn_on(owner)
    request_reset(service, owner)
    service.finish_step(service.first_step(DUE - STEP), codes[0], DUE)


def use_a_passkey(service: FactorService, owner: LoggedIn) -> None:
    device = with_passkey(service, owner)
    service.turn_on(owner)
    request_reset(service, owner)
    passkey_login(service, device, DUE)


def replace_the_recovery_codes(service: FactorService, owner: LoggedIn) -> None:
    app, _ = service.turn_on(owner)
    request_reset(service, owner)
    service.second_factor_management.replace_codes(owner.session, app.code(DUE), OWNER, DUE)


@pytest.mark.parametrize("prove", [type_a_code, type_a_recovery_code, use_a_passkey, replace_the_recovery_codes])
def test_a_factor_that_is_proven_cancels_it(service: FactorService, owner: LoggedIn, prove: Proof) -> None:
    """Also one that is due: the owner has not lost it. In the transaction that uses the factor."""
    prove(service, owner)

    assert account(service, owner).factor_reset_at is None
    assert events(service)[1:] == [(CANCELLED, OWNER.source, {})]
    assert cancelled_at(owner.session.user_id, DUE) in service.notices.messages
    assert is_asked(service, DUE)


def test_turning_it_off_and_on_forgets_the_request(service: FactorService, owner: LoggedIn, app: App) -> None:
    request_reset(service, owner)
    service.second_factor_management.turn_off(owner.session, app.code(), OWNER, NOW)
    service.turn_on(owner, later(minutes=1))

    assert is_asked(service, DUE)


def test_a_trusted_browser_does_not_cancel_it(service: FactorService, owner: LoggedIn, app: App) -> None:
    """It proves no factor: an owner without their phone logs in there, too."""
    service.finish_step(service.first_step(), app.code(), trust=True)
    request_reset(service, owner)
    opened = service.log_in(DUE - INSTANT)

    assert opened.session.digest in account(service, owner).sessions
    assert account(service, owner).factor_reset_at == DUE
    assert (len(events(service)), is_asked(service, DUE - INSTANT, caller=ATTACKER)) == (1, True)


@pytest.mark.usefixtures("app")
def test_the_wait_is_the_same_after_a_password_reset(service: FactorService, owner: LoggedIn) -> None:
    """An attacker who reads the owner's email gains nothing."""
    request_reset(service, owner)
    service.password_reset.reset(service.reset_token(), OTHER_PASSWORD, ATTACKER, NOW)

    with pytest.raises(SecondFactorRequired):
        service.log_in(DUE - INSTANT, password=OTHER_PASSWORD)
    assert account(service, owner).factor_reset_at == DUE


@pytest.mark.usefixtures("app")
def test_a_wrong_password_resets_nothing(service: FactorService, owner: LoggedIn) -> None:
    request_reset(service, owner)
    with pytest.raises(InvalidCredentials):
        service.log_in(DUE, password=OTHER_PASSWORD)

    assert account(service, owner).factor_reset_at == DUE


def test_a_login_resets_it(service: FactorService, owner: LoggedIn, user_id: str) -> None:
    """Recorded and emailed. All other sessions end, pending logins and passkeys too; API keys stay."""
    device, key = with_passkey(service, owner), service.key(owner)
    app, codes = service.turn_on(owner)
    service.finish_step(service.first_step(), app.code(), trust=True, caller=OWNER)
    pending = service.first_step(DUE - STEP, caller=ATTACKER)
    request_reset(service, owner)
    opened = service.log_in(DUE)
    after = account(service, owner)

    assert sessions_of(service, owner) == set(after.sessions) == {opened.session.digest}
    assert (after.totp, after.recovery_codes, after.passkeys, after.trusted_browsers) == (
        "",
        frozenset(),
        frozenset(),
        {},
    )
    assert (after.factor_reset_at, after.secured_at, service.world.passkeys) == (None, DUE, {})
    assert events(service)[1:] == [("authn_second_factor_reset", OWNER.source, {})]
    assert service.notices.messages == [messages.SecondFactorReset(user_id, **user_agents.place(OWNER, DUE))]
    assert service.principal(key_credential(key.plaintext), OWNER, DUE).user_id == user_id
    for code in (app.code(DUE), codes[0]):
        with pytest.raises(PendingLoginExpired):
            service.finish_step(pending, code, DUE)
    with pytest.raises(InvalidPasskey):
        passkey_login(service, device, DUE)


@pytest.mark.usefixtures("app")
def test_the_next_login_is_not_asked_and_is_an_ordinary_one(service: FactorService, owner: LoggedIn) -> None:
    """The owner can set up a new phone."""
    request_reset(service, owner)
    opened = service.log_in(DUE)
    again = service.log_in(DUE)

    assert sessions_of(service, owner) == {opened.session.digest, again.session.digest}
    service.turn_on(again, DUE)
    assert is_asked(service, DUE + STEP)


def test_an_owner_with_a_passkey_only_is_helped_where_a_factor_is_required(
    service: FactorService, owner: LoggedIn
) -> None:
    """Otherwise, a login with the password cannot replace the passkey (decision 0083)."""
    with_passkey(service, owner)
    service = FactorService(service.world, service.hasher, "required")
    request_reset(service, owner)
    before = service.log_in(DUE - INSTANT)
    after = service.log_in(DUE)

    assert service.world.sessions[after.session.digest].enrolling
    assert sessions_of(service, owner) == {after.session.digest} != {before.session.digest}
    service.turn_on(after, DUE)
    assert is_asked(service, DUE + STEP)


@pytest.mark.parametrize("at", [DUE - INSTANT, DUE])
def test_the_presented_session_ends_once(service: FactorService, owner: LoggedIn, app: App, at: datetime) -> None:
    """Also where the account is full, before and after the reset."""
    service.finish_step(service.first_step(), app.code(), trust=True)
    user = account(service, owner)
    others = {f"{number:064}": LAPSED for number in range(SESSIONS_PER_ACCOUNT - len(user.sessions))}
    service.world.user(user.user_id, sessions={**user.sessions, **others})
    request_reset(service, owner)
    opened = service.login.with_password(
        user.email, "seven green umbrellas", remember=False, presented=cookie(owner), caller=OWNER, now=at
    )
    held = account(service, owner).sessions

    assert owner.session.digest not in held | service.world.sessions
    assert opened.session.digest in held
    assert len(held) == (1 if at == DUE else SESSIONS_PER_ACCOUNT)


@pytest.mark.usefixtures("app")
def test_a_login_that_meets_the_cancellation_is_asked(service: FactorService, owner: LoggedIn) -> None:
    """The reset was due when the login read it."""
    request_reset(service, owner)
    rival = FactorService(service.world)
    steps: list[Callable[[], None]] = [lambda: rival.reset_cancellation.cancel(owner.session, OWNER, DUE), lambda: None]
    service.interposed = Interleaved(service.world, lambda: steps.pop()(), times=2)  # noqa: PLW0108 - each a new one

    assert is_asked(service, DUE)
    assert [it[0] for it in events(service)][1:] == [CANCELLED]


@pytest.mark.usefixtures("app")
def test_a_cancellation_that_meets_the_login_is_too_late(service: FactorService, owner: LoggedIn) -> None:
    """Its session has ended."""
    request_reset(service, owner)
    rival = FactorService(service.world)
    service.interposed = Interleaved(service.world, lambda: rival.log_in(DUE))
    with pytest.raises(Unauthenticated):
        service.reset_cancellation.cancel(owner.session, OWNER, DUE)

    assert not account(service, owner).totp
