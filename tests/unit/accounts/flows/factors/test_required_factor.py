"""The parameter SecondFactor: required, so that a login without one only sets it up; and off."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.errors import (
    ReauthenticationRequired,
    SecondFactorNotOffered,
    SecondFactorOff,
    SecondFactorSetupRequired,
)
from accounts.flows.people.authentication import Principal
from accounts.flows.people.session_opening import LoggedIn
from accounts.model.sessions import Session
from accounts.web import routes
from accounts.web.routes import Route
from tests.unit.accounts.flows.clients import stage as clients
from tests.unit.accounts.flows.factors.stage import (
    App,
    FactorService,
    account,
    passkey_login,
    sessions_of,
    with_passkey,
)
from tests.unit.accounts.flows.providers.stage import provider_person
from tests.unit.accounts.stage import NEW_EMAIL, NOW, OWNER, cookie, key_credential, later

AT = later(minutes=1)
ENROLLING = (
    routes.LOGOUT,
    routes.SESSION_SHOW,
    routes.FACTOR_SHOW,
    routes.FACTOR_START,
    routes.FACTOR_CONFIRM,
)


@pytest.fixture
def before(service: FactorService) -> LoggedIn:
    """The owner's session from the time when no second factor was required."""
    return service.person()


def under(service: FactorService, parameter: str) -> FactorService:
    """The same accounts, with another parameter."""
    return FactorService(service.world, service.hasher, parameter)


def stored(service: FactorService, logged_in: LoggedIn) -> Session:
    return service.world.sessions[logged_in.session.digest]


def reach(service: FactorService, logged_in: LoggedIn, route: Route) -> Principal:
    authentication = service.authentication(route.credentials)
    return authentication.principal(cookie(logged_in), OWNER, AT, fresh=route.fresh, enrolling=route.enrolling)


def set_up(service: FactorService, session: Session) -> App:
    started = service.second_factor_setup.start(session, AT)
    app = App(started.secret)
    service.second_factor_setup.confirm(session, started.setup, app.code(AT), OWNER, AT)
    return app


def test_a_login_without_a_second_factor_only_sets_it_up(service: FactorService, before: LoggedIn) -> None:
    """Until then, the session reaches nothing else; then it is like any other."""
    service = under(service, "required")
    opened = service.log_in(AT)

    assert stored(service, opened).enrolling
    with pytest.raises(SecondFactorSetupRequired):
        reach(service, opened, routes.ACCOUNT_SHOW)
    set_up(service, stored(service, opened))
    assert not stored(service, opened).enrolling
    assert reach(service, opened, routes.ACCOUNT_SHOW).user_id == before.session.user_id
    assert sessions_of(service, before) == {opened.session.digest}


@pytest.mark.parametrize("route", [it for it in routes.ROUTES if "session" in it.credentials], ids=lambda it: it.path)
def test_what_such_a_session_reaches(service: FactorService, before: LoggedIn, route: Route) -> None:
    """The state, the setup and the logout: what accepts a session refuses it otherwise (decision 0083)."""
    service = under(service, "required")
    opened = service.log_in(AT)
    if route in ENROLLING:
        assert reach(service, opened, route).user_id == before.session.user_id
    else:
        with pytest.raises(SecondFactorSetupRequired):
            reach(service, opened, route)


def test_an_optional_credential_is_refused_too(service: FactorService, before: LoggedIn) -> None:
    """It is not taken for a request without one."""
    service = under(service, "required")
    opened = service.log_in(AT)
    with pytest.raises(SecondFactorSetupRequired):
        service.authentication(routes.SESSION_ONLY).find(cookie(opened), OWNER, AT)

    assert reach(service, before, routes.ACCOUNT_SHOW)


def test_what_exists_keeps_working(service: FactorService, before: LoggedIn) -> None:
    """Sessions until they end, API keys and programs: the second factor belongs to a login (decision 0083)."""
    key, program = service.key(before), clients.logged_in(service, before)
    service = under(service, "required")
    user_id = before.session.user_id

    assert service.principal(key_credential(key.plaintext), OWNER, AT).user_id == user_id
    assert reach(service, before, routes.ACCOUNT_SHOW).user_id == user_id
    (client,) = (it for it in service.world.sessions.values() if it.client_id)
    assert (client.enrolling, bool(program)) == (False, True)


def test_a_passkey_satisfies_it(service: FactorService, before: LoggedIn) -> None:
    """Then it is also what sets up an app; a password alone does not, or it would replace the passkey."""
    device = with_passkey(service, before)
    service = under(service, "required")
    by_password = stored(service, service.log_in(AT))
    by_passkey = stored(service, passkey_login(service, device, AT))

    assert (by_password.enrolling, by_passkey.enrolling) == (True, False)
    with pytest.raises(ReauthenticationRequired):
        service.second_factor_setup.start(by_password, AT)
    set_up(service, by_passkey)
    assert account(service, before).totp


def test_a_passkey_that_is_added_during_the_setup_stops_it(service: FactorService, before: LoggedIn) -> None:
    """By another session of the owner."""
    required = under(service, "required")
    opened = stored(required, required.log_in(AT))
    started = required.second_factor_setup.start(opened, AT)
    with_passkey(service, before)
    with pytest.raises(ReauthenticationRequired):
        required.second_factor_setup.confirm(opened, started.setup, App(started.secret).code(AT), OWNER, AT)

    assert not account(service, before).totp


@pytest.mark.parametrize("begin", ["email", "provider"])
def test_a_new_account_sets_it_up_first(begin: str) -> None:
    service = FactorService(second_factor="required")
    by: dict[str, Callable[[], Any]] = {
        "email": lambda: service.person(NEW_EMAIL),
        "provider": lambda: service.log_in_with(provider_person("github", "4004", "pat@example.com")),
    }

    assert stored(service, by[begin]()).enrolling


def test_an_owner_who_turns_it_off_sets_it_up_at_the_next_login(service: FactorService, before: LoggedIn) -> None:
    """The session that turned it off stays, so that a new phone can be set up."""
    app, _ = service.turn_on(before)
    service = under(service, "required")
    service.second_factor_management.turn_off(before.session, app.code(NOW), OWNER, NOW)

    assert not stored(service, before).enrolling
    assert stored(service, service.log_in(AT)).enrolling


def test_it_cannot_be_turned_on_where_it_is_off(service: FactorService, before: LoggedIn) -> None:
    """Not with a setup from before, either."""
    started = service.second_factor_setup.start(before.session, NOW)
    service = under(service, "off")
    with pytest.raises(SecondFactorNotOffered):
        service.second_factor_setup.start(before.session, NOW)
    with pytest.raises(SecondFactorNotOffered):
        service.second_factor_setup.confirm(before.session, started.setup, App(started.secret).code(NOW), OWNER, NOW)

    assert not account(service, before).totp


def test_an_account_that_has_it_keeps_it_where_it_is_off(service: FactorService, before: LoggedIn) -> None:
    """Its owner can turn it off."""
    app, _ = service.turn_on(before)
    service = under(service, "off")

    assert service.first_step()
    service.second_factor_management.turn_off(before.session, app.code(NOW), OWNER, NOW)
    assert not stored(service, service.log_in(AT)).enrolling
    with pytest.raises(SecondFactorOff):
        service.second_factor_management.turn_off(before.session, app.code(AT), OWNER, AT)
