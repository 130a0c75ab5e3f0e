"""A session says what its own login proved, and a program what its owner's did."""

import pytest

from accounts.errors import SecondFactorRequired
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import assurance
from accounts.model.assurance import MULTI_FACTOR, ONE_FACTOR
from accounts.model.sessions import Session
from tests.unit.accounts.flows.clients.stage import DEVICE, answer, entered, find_device, logged_in, refreshed
from tests.unit.accounts.flows.factors.stage import FactorService, passkey_login, with_passkey
from tests.unit.accounts.stage import NOW, OWNER, PASSWORD, cookie, later

PASSWORD_ALONE = (("pwd",), ONE_FACTOR)
WITH_CODE = (("pwd", "otp", "mfa"), MULTI_FACTOR)
WITH_PASSKEY = (("pop", "user", "mfa"), MULTI_FACTOR)


def stored(service: FactorService, opened: Session) -> tuple[tuple[str, ...], str]:
    """How the stored session was proven."""
    session = service.world.sessions[opened.digest]
    assert session == opened
    return assurance.amr(session), assurance.acr(session)


def test_a_password_alone_is_one_factor(service: FactorService) -> None:
    service.person()
    assert stored(service, service.log_in(later(minutes=1)).session) == PASSWORD_ALONE


def test_a_code_makes_it_two(service: FactorService, owner: LoggedIn) -> None:
    app, recovery_codes = service.turn_on(owner)
    by_app = service.finish_step(service.first_step(), app.code()).session
    by_recovery_code = service.finish_step(service.first_step(), recovery_codes[0]).session

    assert stored(service, by_app) == WITH_CODE
    assert stored(service, by_recovery_code) == (("pwd", "mfa"), MULTI_FACTOR)


def test_a_trusted_browser_proves_no_second_factor(service: FactorService, owner: LoggedIn) -> None:
    """Nobody typed a code."""
    app, _ = service.turn_on(owner)
    service.finish_step(service.first_step(), app.code(), trust=True)

    assert stored(service, service.log_in(later(minutes=1)).session) == PASSWORD_ALONE


def test_a_passkey_is_two_factors(service: FactorService, owner: LoggedIn) -> None:
    assert stored(service, passkey_login(service, with_passkey(service, owner)).session) == WITH_PASSKEY


def test_turning_the_second_factor_on_proves_nothing_of_the_login(service: FactorService, owner: LoggedIn) -> None:
    """Whoever holds the session has chosen the secret."""
    service.turn_on(owner)
    assert stored(service, owner.session) == PASSWORD_ALONE


def test_a_password_after_a_passkey_is_one_factor_again(service: FactorService, owner: LoggedIn) -> None:
    """A new login says what it proved itself: the passkey that opened the session before may not be at hand."""
    strong = passkey_login(service, with_passkey(service, owner), later(minutes=1))
    again = service.reauthentication.with_password(cookie(strong), PASSWORD, OWNER, later(minutes=2))

    assert stored(service, again.session) == PASSWORD_ALONE
    assert again.session.auth_time == later(minutes=2)


def test_reauthentication_asks_for_the_code_again_and_says_when(service: FactorService, owner: LoggedIn) -> None:
    """Also in a trusted browser, whose login was one factor."""
    app, _ = service.turn_on(owner)
    service.finish_step(service.first_step(), app.code(), trust=True)
    weak, at = service.log_in(later(minutes=1)), later(minutes=20)
    with pytest.raises(SecondFactorRequired) as required:
        service.reauthentication.with_password(cookie(weak), PASSWORD, OWNER, at)
    again = service.finish_step(required.value.pending, app.code(at), at, presented=cookie(weak)).session

    assert weak.session.digest not in service.world.sessions
    assert (stored(service, again), again.auth_time) == (WITH_CODE, at)


def test_a_program_keeps_what_its_owner_proved_through_refreshes(service: FactorService, owner: LoggedIn) -> None:
    app, _ = service.turn_on(owner)
    opened = service.finish_step(service.first_step(), app.code())
    tokens = logged_in(service, opened, later(minutes=5))
    refreshed(service, tokens.refresh_token, later(days=7))

    first, second = service.signer.signed
    said = {"auth_time": int(NOW.timestamp()), "acr": MULTI_FACTOR, "amr": ["pwd", "otp", "mfa"]}
    assert {name: first[name] for name in said} == {name: second[name] for name in said} == said
    assert second["iat"] == int(later(days=7).timestamp())


def test_a_device_says_how_its_owner_logged_in(service: FactorService, owner: LoggedIn) -> None:
    opened = passkey_login(service, with_passkey(service, owner), later(minutes=1))
    found = entered(service, opened, later(minutes=5))
    answer(service, found, opened, now=later(minutes=5))
    code = find_device(service, found.device_code, later(minutes=6))
    service.device_login.redeem(code, DEVICE, later(minutes=6))

    (claims,) = service.signer.signed
    expected = {"auth_time": int(later(minutes=1).timestamp()), "acr": MULTI_FACTOR, "amr": ["pop", "user", "mfa"]}
    assert {name: claims[name] for name in expected} == expected


def test_a_step_up_changes_no_token_that_was_issued_before(service: FactorService, owner: LoggedIn) -> None:
    """The refresh token of a weak login stays weak, whatever its owner proves later."""
    weak = logged_in(service, owner)
    strong = passkey_login(service, with_passkey(service, owner), later(minutes=1))
    logged_in(service, strong, later(minutes=1))
    refreshed(service, weak.refresh_token, later(minutes=2))

    assert [claims["acr"] for claims in service.signer.signed] == [ONE_FACTOR, MULTI_FACTOR, ONE_FACTOR]
    assert service.signer.signed[-1]["auth_time"] == int(NOW.timestamp())
