"""Every way to a session, against every state of the second factor: docs/decisions has the same table."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts import secrets
from accounts.errors import (
    AccountsError,
    AddressConfirmed,
    AddressReused,
    CredentialNotAccepted,
    EmailCodeRequired,
    EmailNotVerified,
    SecondFactorRequired,
)
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import SECOND_FACTOR_RESET_WAIT
from accounts.model.users import User
from tests.authenticators import Authenticator
from tests.unit.accounts.flows.clients import stage as clients
from tests.unit.accounts.flows.factors.stage import (
    FactorService,
    account,
    passkey_login,
    proven,
    request_reset,
    sessions_of,
    with_passkey,
)
from tests.unit.accounts.flows.providers.stage import presented, provider_person
from tests.unit.accounts.stage import (
    EMAIL,
    NEW_EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    cookie,
    key_credential,
    later,
)

SESSION, ASKED, NONE = "a session", "asked for the second factor", "no session"
EMAIL_CODE = "asked for a code by email"
REFUSED = "refused"
# The column of TABLE for each state. A requested reset changes nothing; trust does not hide one that is due.
COLUMN = {
    "off": 0,
    "on": 1,
    "on, in a trusted browser": 2,
    "reset requested": 1,
    "reset requested, in a trusted browser": 2,
    "reset due": 3,
    "reset due, in a trusted browser": 3,
}
STATES = tuple(COLUMN)
AT = later(minutes=1)
# All ways are tried at NOW or AT.
RESET_AT = {"reset requested": AT + timedelta(microseconds=1), "reset due": NOW}
GITHUB = provider_person("github", "1001", EMAIL)
OTHER_GOOGLE = provider_person("google", "2002", EMAIL)
UNVERIFIED = provider_person("google", "3003", EMAIL, email_verified=False)


class Owner:
    """An account with a password, GitHub, a passkey, a key, and one session, in a state of the second factor."""

    def __init__(self, state: str, parameter: str = "optional", confirm_new_browsers: str = "off") -> None:
        self.service = service = FactorService()
        self.pending_sign_up = service.signed_up()
        self.session = service.person()
        service.link(GITHUB, presented(self.session))
        self.device: Authenticator = with_passkey(service, self.session)
        self.api_key = service.key(self.session)
        if state != STATES[0]:
            self.app, _ = service.turn_on(self.session)
        if state.endswith("in a trusted browser"):
            service.finish_step(service.first_step(), self.app.code(), trust=True)
        for reset_at in (at for name, at in RESET_AT.items() if state.startswith(name)):
            assert request_reset(service, self.session, reset_at - SECOND_FACTOR_RESET_WAIT) == reset_at
        service.world.counters.clear()
        self.service = FactorService(service.world, service.hasher, parameter, confirm_new_browsers)

    @property
    def account(self) -> User:
        return account(self.service, self.session)


def log_in(owner: Owner) -> None:
    owner.service.log_in(AT)


def reauthenticate(owner: Owner) -> None:
    owner.service.reauthentication.with_password(cookie(owner.session), PASSWORD, OWNER, AT)


def log_in_with_provider(owner: Owner) -> None:
    owner.service.log_in_with(GITHUB)


def reauthenticate_with_provider(owner: Owner) -> None:
    service, credential = owner.service, presented(owner.session)
    service.says(GITHUB)
    departure = service.provider_departure.reauthenticate("github", "/account", credential, OWNER, NOW)
    started = departure, service.providers.by_name["github"].sent[-1][0]
    service.finish(started, "github", credential)


def log_in_with_another_of_its_address(owner: Owner) -> None:
    owner.service.log_in_with(OTHER_GOOGLE)


def confirm_a_providers_address(owner: Owner) -> None:
    service = owner.service
    service.says(UNVERIFIED)
    started = service.start_login()
    with pytest.raises(EmailNotVerified):
        service.finish(started)
    token = service.mailed_proof(UNVERIFIED)
    service.provider_verification.confirm(token, (secrets.digest(started[0].browser),), None, OWNER, AT)


def confirm_a_sign_up(owner: Owner) -> None:
    owner.service.email_verification.confirm(owner.pending_sign_up, PASSWORD, None, OWNER, AT)


def confirm_a_sign_up_in_its_browser(owner: Owner) -> None:
    """Without the password."""
    owner.service.email_verification.confirm(owner.pending_sign_up, "", None, OWNER, AT, proof="a" * 64)


def reset_password(owner: Owner) -> None:
    token = owner.service.reset_token()
    owner.service.password_reset.reset(token, OTHER_PASSWORD, OWNER, AT)


def change_password(owner: Owner) -> None:
    owner.service.password_change.change(cookie(owner.session), PASSWORD, OTHER_PASSWORD, OWNER, AT)


def change_email(owner: Owner) -> None:
    token = owner.service.change_token(proven(owner.service, owner.session))
    owner.service.email_change.confirm(cookie(owner.session), token, OWNER, AT)


def link(owner: Owner) -> None:
    owner.service.link(OTHER_GOOGLE, presented(owner.session))


def log_in_with_passkey(owner: Owner) -> None:
    passkey_login(owner.service, owner.device, AT)


def reauthenticate_with_passkey(owner: Owner) -> None:
    invited = owner.service.passkey_login.remind(cookie(owner.session), OWNER, NOW)
    response = owner.device.sign(invited.challenge)
    owner.service.passkey_login.reauthenticate(cookie(owner.session), response, OWNER, AT)


def exchange_a_code(owner: Owner) -> None:
    clients.logged_in(owner.service, owner.session)


def answer_a_device(owner: Owner) -> None:
    found = clients.entered(owner.service, owner.session)
    clients.answer(owner.service, found, owner.session)
    owner.service.device_login.redeem(clients.find_device(owner.service, found.device_code), clients.DEVICE, AT)


def present_an_api_key(owner: Owner) -> None:
    credential = key_credential(owner.api_key.plaintext)
    assert owner.service.principal(credential, OWNER, AT).user_id == owner.account.user_id
    with pytest.raises(CredentialNotAccepted):
        owner.service.session(credential, AT)


# What happens in each state. `None`: nothing opens a session, and nothing is refused.
TABLE: dict[Callable[[Owner], Any], tuple[Any, Any, Any, Any]] = {
    log_in: (SESSION, ASKED, SESSION, SESSION),
    reauthenticate: (SESSION, ASKED, ASKED, ASKED),
    log_in_with_provider: (SESSION, ASKED, SESSION, SESSION),
    reauthenticate_with_provider: (SESSION, ASKED, ASKED, ASKED),
    log_in_with_another_of_its_address: (SESSION, AddressReused, AddressReused, AddressReused),
    confirm_a_providers_address: (SESSION, AddressReused, AddressReused, AddressReused),
    confirm_a_sign_up: (AddressConfirmed, AddressConfirmed, AddressConfirmed, AddressConfirmed),
    confirm_a_sign_up_in_its_browser: (AddressConfirmed, AddressConfirmed, AddressConfirmed, AddressConfirmed),
    reset_password: (NONE, NONE, NONE, NONE),
    change_password: (NONE, NONE, NONE, NONE),
    change_email: (NONE, NONE, NONE, NONE),
    link: (NONE, NONE, NONE, NONE),
    log_in_with_passkey: (SESSION, SESSION, SESSION, SESSION),
    reauthenticate_with_passkey: (SESSION, SESSION, SESSION, SESSION),
    exchange_a_code: (SESSION, SESSION, SESSION, SESSION),
    answer_a_device: (SESSION, SESSION, SESSION, SESSION),
    present_an_api_key: (NONE, NONE, NONE, NONE),
}
CELLS = [(way, state, cells[COLUMN[state]]) for way, cells in TABLE.items() for state in STATES]
# The only ways that apply a reset that is due, and those that cancel one, due or not.
RESETS = {log_in, log_in_with_provider}
PROVES = {log_in_with_passkey, reauthenticate_with_passkey}


@pytest.mark.parametrize(("way", "state", "expected"), CELLS)
def test_every_way_to_a_session(way: Callable[[Owner], None], state: str, expected: Any) -> None:
    """No way but those of the table opens one, none spends a recovery code, and only a reset that is due loosens."""
    owner = Owner(state)
    before, held = owner.account, sessions_of(owner.service, owner.session)
    outcome = _outcome(way, owner, held)

    assert outcome == expected
    after, opened = owner.account, sessions_of(owner.service, owner.session) - held
    if way in RESETS and state.startswith("reset due"):
        assert _factors(after) == ("", 0, frozenset(), frozenset(), {}, None)
        assert set(after.sessions) == sessions_of(owner.service, owner.session) == opened
    else:
        assert _factors(after)[:4] == _factors(before)[:4]
        assert after.factor_reset_at == (None if way in PROVES else before.factor_reset_at)


def _factors(user: User) -> tuple[Any, ...]:
    codes, passkeys = user.recovery_codes, user.passkeys
    return (user.totp, user.totp_step, codes, passkeys, user.trusted_browsers, user.factor_reset_at)


# With SecondFactor `required`, an owner without it gets a session that only sets it up, except with a passkey, and
# except where a session that exists approved it. With `off`, nothing else changes.
ENROLS = {
    log_in,
    reauthenticate,
    log_in_with_provider,
    reauthenticate_with_provider,
    log_in_with_another_of_its_address,
    confirm_a_providers_address,
}


@pytest.mark.parametrize("parameter", ["optional", "required", "off"])
@pytest.mark.parametrize(("way", "state", "expected"), CELLS)
def test_every_way_to_a_session_with_each_parameter(
    way: Callable[[Owner], None], state: str, expected: Any, parameter: str
) -> None:
    """None loosens what an account has (decision 0083)."""
    owner = Owner(state, parameter)
    held = sessions_of(owner.service, owner.session)
    outcome = _outcome(way, owner, held)

    assert outcome == expected
    opened = [it for it in owner.service.world.sessions.values() if it.digest not in held and not it.client_id]
    without = (state == "off" and way in ENROLS) or (state.startswith("reset due") and way in RESETS)
    enrols = parameter == "required" and without
    assert [it.enrolling for it in opened] == [enrols] * len(opened)
    assert bool(opened) >= enrols


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("way", "state", "expected"), CELLS)
def test_every_way_to_a_session_where_new_browsers_are_confirmed(
    way: Callable[[Owner], None], state: str, expected: Any, *, known: bool
) -> None:
    """One cell differs: a password alone, in a browser that the account does not know (decision 0087)."""
    owner = Owner(state, confirm_new_browsers="on")
    if not known:
        for key in owner.account.identities:
            owner.service.world.change_identity(key, known_browsers=())
    outcome = _outcome(way, owner, sessions_of(owner.service, owner.session))

    assert outcome == (EMAIL_CODE if way is log_in and state == "off" and not known else expected)


@pytest.mark.parametrize(("way", "state", "expected"), [cell for cell in CELLS if cell[2] is AddressReused])
def test_a_refused_login_links_nothing(way: Callable[[Owner], None], state: str, expected: Any) -> None:
    """Only the logged-in owner adds an identity to an account with a second factor."""
    owner = Owner(state)
    before = owner.account.identities
    assert _outcome(way, owner, sessions_of(owner.service, owner.session)) is expected

    assert owner.account.identities == before


def _outcome(way: Callable[[Owner], None], owner: Owner, held: set[str]) -> Any:
    try:
        way(owner)
    except SecondFactorRequired as required:
        assert sessions_of(owner.service, owner.session) == held
        return EMAIL_CODE if isinstance(required, EmailCodeRequired) else ASKED
    except AccountsError as refused:
        assert sessions_of(owner.service, owner.session) == held
        return type(refused)
    return SESSION if sessions_of(owner.service, owner.session) - held else NONE


def test_an_account_that_is_created_has_no_second_factor(service: FactorService) -> None:
    """Both ways to create one: a confirmed sign-up, and a login with a provider."""
    by_email: LoggedIn = service.person(NEW_EMAIL)
    by_provider = service.log_in_with(provider_person("github", "4004", "pat@example.com"))

    assert {account(service, it).totp for it in (by_email, by_provider)} == {""}
