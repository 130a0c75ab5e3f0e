"""What each event ends of a second factor, and what turning a second factor on or off ends."""

from collections.abc import Callable
from copy import replace
from dataclasses import dataclass
from functools import partial

import pytest

from accounts import secrets
from accounts.errors import AccountsError, SecondFactorRequired
from accounts.model import second_factors
from tests.authenticators import Authenticator
from tests.unit.accounts.flows.factors.stage import App, FactorService, passkey_login, proven, request_reset
from tests.unit.accounts.flows.providers.stage import presented
from tests.unit.accounts.flows.providers.test_revocation import (
    BEFORE,
    EVENTS,
    HERE,
    LINKED,
    THEN,
    USES,
    Everything,
    WholeService,
)
from tests.unit.accounts.stage import OWNER, cookie


class WholeFactorService(FactorService, WholeService):
    """With all there is."""


@dataclass
class Protected(Everything):
    """An account with a second factor, a trusted browser and a pending login."""

    service: WholeFactorService
    app: App
    codes: tuple[str, ...]
    pending: str

    def has(self, artifact: str) -> bool:
        try:
            return FACTOR_USES[artifact](self)
        except SecondFactorRequired:
            # The login still works, up to the second step.
            return True
        except AccountsError:
            return False


def _trusted(it: Protected) -> bool:
    user = it.service.world.users.get(it.here.session.user_id)
    return user is not None and bool(user.trusted_browsers)


def _has_factor(it: Protected) -> bool:
    user = it.service.world.users.get(it.here.session.user_id)
    return user is not None and bool(user.totp)


def _has_code(it: Protected) -> bool:
    user = it.service.world.users.get(it.here.session.user_id)
    return user is not None and secrets.digest(it.codes[1].replace("-", "")) in user.recovery_codes


def _finishes(it: Protected) -> bool:
    opened = it.service.finish_step(it.pending, it.app.code(THEN), THEN)
    return opened.session.user_id == it.here.session.user_id


def _has_reset(it: Protected) -> bool:
    user = it.service.world.users.get(it.here.session.user_id)
    return user is not None and second_factors.reset_at(user, THEN) is not None


def _changes_email(it: Protected) -> bool:
    confirmed = it.service.email_change.confirm(cookie(it.here), it.change_token, OWNER, THEN)
    return bool(confirmed.user_id == it.here.session.user_id)


def _works(artifact: str, it: Protected) -> bool:
    return USES[artifact](it) == it.here.session.user_id


# They are used as without a second factor.
UNCHANGED = ("this session", "other session", "API key", "linked identity", "passkey", "reset link")
FACTOR_USES: dict[str, Callable[[Protected], bool]] = {
    "app": _has_factor,
    "recovery code": _has_code,
    "trusted browser": _trusted,
    "pending login": _finishes,
    "requested reset": _has_reset,
    "change link": _changes_email,
    **{name: partial(_works, name) for name in UNCHANGED},
}


def _apply_reset(it: Protected) -> None:
    it.service.world.user(it.here.session.user_id, factor_reset_at=BEFORE)
    it.service.log_in(BEFORE)


FACTOR = frozenset({"app", "recovery code"})
REQUESTED = frozenset({"requested reset"})
FACTOR_EVENTS: dict[str, Callable[[Protected], object]] = {
    **EVENTS,
    "second factor turned off": lambda it: it.service.second_factor_management.turn_off(
        it.here.session, it.app.code(BEFORE), OWNER, BEFORE
    ),
    "recovery codes replaced": lambda it: it.service.second_factor_management.replace_codes(
        it.here.session, it.app.code(BEFORE), OWNER, BEFORE
    ),
    "requested reset cancelled": lambda it: it.service.reset_cancellation.cancel(it.here.session, OWNER, BEFORE),
    "requested reset applied": _apply_reset,
}
ALL = frozenset(FACTOR_USES)
SECURED = FACTOR | REQUESTED | HERE
KEPT: dict[str, frozenset[str]] = {
    "nothing": ALL,
    "password change": SECURED,
    "password reset": SECURED - {"this session"},
    "address change": SECURED,
    "another identity unlinked": SECURED,
    "another passkey removed": SECURED,
    "password removed": SECURED,
    "log out everywhere": ALL - {"this session", "other session", "trusted browser", "change link"},
    "password revoked": SECURED - {"this session"},
    "logged out by an operator": ALL - {"this session", "other session", "trusted browser", "change link"},
    "deleted by an operator": frozenset(),
    "disabled": FACTOR,
    "deleted": frozenset(),
    "second factor turned off": HERE | {"reset link", "change link"},
    "recovery codes replaced": ALL - {"recovery code", "requested reset"},
    "requested reset cancelled": ALL - REQUESTED,
    "requested reset applied": frozenset({"API key", "linked identity", "reset link"}),
}


ELSEWHERE = replace(OWNER, known_browser=secrets.digest("elsewhere"))


def an_account(*, protected: bool) -> Protected:
    """Logged in twice, with a key, a passkey, a linked identity and emailed links; and with a second factor."""
    service = WholeFactorService()
    here, device, app, pending = service.person(), Authenticator(), App(""), ""
    codes: tuple[str, ...] = ()
    service.add(here, device)
    service.link(LINKED, presented(here))
    if protected:
        app, codes = service.turn_on(here)
        service.finish_step(service.first_step(), app.code(), trust=True)
        pending = service.first_step(caller=ELSEWHERE)
        here = proven(service, here)
    there = passkey_login(service, device)
    key, change_token, reset_token = service.key(here).plaintext, service.change_token(here), service.reset_token()
    link = service.start_linking(cookie(there), "github")
    if protected:
        request_reset(service, here)
    return Protected(
        service,
        here,
        there,
        key,
        reset_token,
        change_token,
        "",
        "",
        link,
        device,
        app=app,
        codes=codes,
        pending=pending,
    )


@pytest.mark.parametrize("artifact", FACTOR_USES)
@pytest.mark.parametrize("event", FACTOR_EVENTS)
def test_an_event_ends_what_it_must_and_nothing_else(event: str, artifact: str) -> None:
    """A login that waits for its second factor ends with what its first one proved."""
    account = an_account(protected=True)
    FACTOR_EVENTS[event](account)

    assert account.has(artifact) is (artifact in KEPT[event])


@pytest.mark.parametrize("artifact", [*sorted(HERE), "other session", "reset link", "change link"])
def test_turning_it_on_ends_the_other_sessions(artifact: str) -> None:
    account = an_account(protected=False)
    account.service.turn_on(account.here, BEFORE)

    assert account.has(artifact) is (artifact != "other session")
