"""A login that did not prove the second factor changes nothing that gets past it later (MF-01, MF-08, PK-06)."""

from collections.abc import Callable
from copy import replace
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from accounts import secrets
from accounts.errors import InvalidSecondFactor, ReauthenticationRequired, WrongSecondFactor
from accounts.flows.people.session_opening import LoggedIn, Opened
from accounts.limits import (
    SECOND_FACTOR_CHANGES_PER_ACCOUNT_PER_DAY,
    SECOND_FACTOR_FAILURES_COUNTED,
    SECOND_FACTOR_FAILURES_TOLD,
)
from accounts.model import assurance, messages, second_factors
from accounts.model.passkeys import public_id
from accounts.model.sessions import Method, SecondFactor
from tests.authenticators import Authenticator
from tests.unit.accounts.flows.factors.stage import (
    STEP,
    App,
    FactorService,
    account,
    passkey_login,
    sessions_of,
    with_passkey,
)
from tests.unit.accounts.stage import NEW_EMAIL, NOW, OWNER, cookie, later

SOON = later(seconds=60)
ELSEWHERE = replace(OWNER, known_browser=secrets.digest("a browser that the owner has not used"))
WRONG = "000000"
Act = Callable[[FactorService, LoggedIn | Opened, Authenticator], Any]


def _add_passkey(service: FactorService, session: LoggedIn | Opened, _: Authenticator) -> None:
    service.add(session, Authenticator(credential=b"another passkey"), now=SOON)


def _remove_passkey(service: FactorService, session: LoggedIn | Opened, device: Authenticator) -> None:
    service.passkey_removal.remove(cookie(session), public_id(device.credential_id), OWNER, SOON)


def _change_email(service: FactorService, session: LoggedIn | Opened, _: Authenticator) -> None:
    service.email_change_request.ask(cookie(session), NEW_EMAIL, OWNER, SOON)


ACTS: dict[str, Act] = {"add": _add_passkey, "remove": _remove_passkey, "email": _change_email}


@pytest.fixture
def device(service: FactorService, owner: LoggedIn) -> Authenticator:
    """The owner's passkey, added before the second factor."""
    return with_passkey(service, owner)


@pytest.fixture
def app(service: FactorService, owner: LoggedIn, device: Authenticator) -> App:
    assert device
    return service.turn_on(owner)[0]


def in_trusted_browser(service: FactorService, app: App) -> LoggedIn:
    """A login with the password alone."""
    service.finish_step(service.first_step(), app.code(), trust=True)
    return service.log_in(SOON)


@pytest.mark.parametrize("act", ACTS)
def test_a_trusted_browser_and_the_password_are_not_enough(
    service: FactorService, owner: LoggedIn, device: Authenticator, app: App, act: str
) -> None:
    """Otherwise a passkey of the attacker would replace the factor, and turn it off."""
    thief = in_trusted_browser(service, app)
    before = account(service, owner)
    with pytest.raises(ReauthenticationRequired, match="without a code"):
        ACTS[act](service, thief, device)

    assert account(service, owner) == before
    assert service.outbox.messages == []


@pytest.mark.parametrize("act", ACTS)
def test_the_session_that_turned_it_on_is_asked(
    service: FactorService, owner: LoggedIn, device: Authenticator, app: App, act: str
) -> None:
    """Its login had no second factor to prove."""
    assert app.secret
    with pytest.raises(ReauthenticationRequired):
        ACTS[act](service, owner, device)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("factor", ["code", "recovery code", "passkey"])
def test_a_login_with_a_factor_is_enough(
    service: FactorService, owner: LoggedIn, device: Authenticator, factor: str, act: str
) -> None:
    app, codes = service.turn_on(owner)
    session: LoggedIn | Opened
    if factor == "passkey":
        session = passkey_login(service, device)
    else:
        session = service.finish_step(service.first_step(), app.code() if factor == "code" else codes[0])
    before = account(service, owner)
    ACTS[act](service, session, device)

    assert (account(service, owner), service.outbox.messages) != (before, [])


@pytest.mark.parametrize("act", ACTS)
def test_without_a_second_factor_a_recent_login_is_enough(
    service: FactorService, owner: LoggedIn, device: Authenticator, act: str
) -> None:
    ACTS[act](service, owner, device)


@pytest.mark.parametrize("method", ["password", "passkey", "google", "github"])
@pytest.mark.parametrize("second", get_args(SecondFactor))
def test_a_login_with_two_factors_is_what_assurance_says(
    service: FactorService, owner: LoggedIn, app: App, method: Method, second: SecondFactor
) -> None:
    """``acr`` and this rule agree."""
    assert app.secret
    session, is_proven = replace(owner.session, method=method, second_factor=second), True
    try:
        second_factors.require_proven(session, account(service, owner))
    except ReauthenticationRequired:
        is_proven = False

    assert is_proven == (assurance.acr(session) == assurance.MULTI_FACTOR)


@pytest.mark.parametrize("code", [WRONG, "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa"])
def test_wrong_codes_do_not_use_up_the_days_changes(
    service: FactorService, owner: LoggedIn, app: App, code: str
) -> None:
    """A thief of the session cannot keep the owner from turning it off."""
    for number in range(SECOND_FACTOR_CHANGES_PER_ACCOUNT_PER_DAY):
        # The waits of the streak are over each time.
        at = NOW - timedelta(hours=2 * (SECOND_FACTOR_CHANGES_PER_ACCOUNT_PER_DAY - number))
        service.world.counters = {name: it for name, it in service.world.counters.items() if "streak" not in name}
        with pytest.raises(WrongSecondFactor):
            service.second_factor_management.turn_off(owner.session, code, OWNER, at)
    service.second_factor_management.turn_off(owner.session, app.code(), OWNER, NOW)

    assert not second_factors.is_on(account(service, owner))


def wrong(service: FactorService, at: datetime, caller: Any = ELSEWHERE) -> None:
    pending = service.first_step(at, caller=caller)
    with pytest.raises(InvalidSecondFactor):
        service.finish_step(pending, WRONG, at, caller=caller)


def told(service: FactorService) -> int:
    return sum(isinstance(it, messages.SecondFactorFailed) for it in service.rare_notices.messages)


def test_a_stranger_who_guesses_between_the_owners_logins_is_told_of(
    service: FactorService, owner: LoggedIn, app: App
) -> None:
    """Two guesses after each login of the owner would never be three in a row."""
    guesses, at = 0, NOW
    while told(service) == 0 and guesses < 2 * SECOND_FACTOR_FAILURES_TOLD:
        for _ in range(SECOND_FACTOR_FAILURES_TOLD - 1):
            wrong(service, at)
            guesses += 1
        at += STEP
        service.finish_step(service.first_step(at), app.code(at), at)

    assert (guesses, told(service)) == (2 * (SECOND_FACTOR_FAILURES_TOLD - 1), 1)
    assert owner.session.user_id


def test_each_third_failure_of_strangers_is_told(service: FactorService, owner: LoggedIn, app: App) -> None:
    """And those of the 30 days before are forgotten."""
    assert app.secret
    counts = []
    for number in range(2 * SECOND_FACTOR_FAILURES_TOLD):
        wrong(service, NOW + timedelta(hours=2 * number))
        counts.append(told(service))
    wrong(service, NOW + 2 * SECOND_FACTOR_FAILURES_COUNTED)

    assert counts == [0, 0, 1, 1, 1, 2]
    assert told(service) == 2
    assert owner.session.user_id


def test_wrong_codes_in_a_session_are_told(service: FactorService, owner: LoggedIn, app: App) -> None:
    """At the third, together with those of logins in known browsers."""
    assert app.secret
    wrong(service, NOW, OWNER)
    for expected in (0, 1, 1):
        with pytest.raises(WrongSecondFactor):
            service.second_factor_management.turn_off(owner.session, WRONG, OWNER, NOW)
        assert told(service) == expected
    assert sessions_of(service, owner) == {owner.session.digest}
