"""A device asks whether its code was allowed, and exchanges it for tokens, once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts import secrets
from accounts.errors import GrantReused, InvalidGrant, TooManyAttempts, Unavailable
from accounts.flows.clients.client_sessions import Tokens
from accounts.flows.clients.device_login import answered
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import BAD_GRANTS_PER_ADDRESS_PER_MINUTE
from accounts.model import messages, users
from accounts.model.audit import Record
from accounts.model.consents import ALLOW, DENY, Decision
from tests.unit.accounts.flows.clients.stage import (
    CLIENT,
    DEVICE,
    NO_TOKEN,
    OTHER_CLIENT,
    allowed,
    answer,
    codes,
    counters,
    entered,
    expected_session,
    find_device,
    halves,
    log_out,
    mark,
    programs,
    recorded,
    reset_token,
    reuse_record,
    stored,
)
from tests.unit.accounts.stage import NOW, OTHER_PASSWORD, OWNER, PASSWORD, Interleaved, Service, cookie, held, later

BAD_GRANT = f"bad-grant#{DEVICE.source}#60"


def allowed_device(service: Service, owner: LoggedIn, now: datetime = NOW) -> str:
    """A device code that the owner has allowed."""
    found = entered(service, owner, now)
    answer(service, found, owner, now=now)
    return found.device_code


def exchanged(service: Service, device_code: str, now: datetime = NOW) -> Tokens:
    """The tokens for a device code."""
    return service.device_login.redeem(find_device(service, device_code, now), DEVICE, now)


def test_a_device_code_is_found_and_not_used_up(service: Service) -> None:
    """Expired or not: the endpoint tells the device which."""
    found = codes(service)
    service.world.counters.clear()
    before = stored(service)

    (token,) = (it for it in service.world.tokens.values() if it.digest == secrets.digest(found.device_code))
    times = (NOW, later(minutes=10, microseconds=-1), later(minutes=10), later(days=1))
    assert [find_device(service, found.device_code, now) for now in times] == [token] * 4
    assert (stored(service), counters(service)) == (before, {})


@pytest.mark.parametrize("code", ["", "x", "x" * 42, "x" * 44, "x" * 43 + "\n", "x" * 42 + "é", "BBBB-BBBB"])
def test_text_that_cannot_be_a_device_code_is_not_looked_up(service: Service, code: str) -> None:
    with pytest.raises(InvalidGrant) as refusal:
        find_device(service, code)

    assert type(refusal.value) is InvalidGrant
    assert (service.world.reads, counters(service)) == ([], {})


def test_a_source_presents_sixty_unknown_device_codes_a_minute(service: Service) -> None:
    """One that exists is still found for that source: it is looked up first."""
    found = codes(service)
    service.world.counters.clear()
    for _ in range(BAD_GRANTS_PER_ADDRESS_PER_MINUTE):
        with pytest.raises(InvalidGrant) as refusal:
            find_device(service, secrets.new_token())
        assert type(refusal.value) is InvalidGrant
    assert counters(service) == {BAD_GRANT: 60}

    with pytest.raises(TooManyAttempts):
        find_device(service, NO_TOKEN)
    with pytest.raises(InvalidGrant):
        service.device_login.find(NO_TOKEN, CLIENT, OWNER, NOW)
    assert find_device(service, found.device_code)


@pytest.mark.parametrize("is_answered", [False, True])
def test_a_device_code_works_for_its_own_client_only(service: Service, *, is_answered: bool) -> None:
    """A try by another client neither uses it up nor counts."""
    owner = service.person()
    code = allowed_device(service, owner) if is_answered else codes(service).device_code
    service.world.counters.clear()
    before = stored(service)

    with pytest.raises(InvalidGrant) as refusal:
        service.device_login.find(code, OTHER_CLIENT, DEVICE, NOW)
    assert type(refusal.value) is InvalidGrant
    assert (stored(service), counters(service)) == (before, {})
    assert find_device(service, code)


def test_a_token_of_another_purpose_is_not_a_device_code(service: Service) -> None:
    """ASVS 9.2.2."""
    owner = service.person()
    others = [allowed(service, owner), reset_token(service, owner), owner.token]
    before = stored(service)

    for other in others:
        with pytest.raises(InvalidGrant):
            find_device(service, other)
    assert stored(service) == before


def test_a_device_polls_every_four_seconds_at_most(service: Service) -> None:
    """A second less than it is told, to the microsecond. A poll too soon extends no wait (RFC 8628 3.5)."""
    token = find_device(service, codes(service).device_code)
    every = timedelta(seconds=4)
    moments = [timedelta(0), timedelta(0), every - timedelta(microseconds=1), every, every, 2 * every]

    assert [service.device_login.is_too_soon(token, NOW + moment) for moment in moments] == [
        False,
        True,
        True,
        False,
        True,
        False,
    ]


def test_each_device_has_its_own_pace(service: Service) -> None:
    """Behind one address, too."""
    first, second = (find_device(service, codes(service).device_code) for _ in range(2))
    service.world.counters.clear()

    assert [service.device_login.is_too_soon(token, NOW) for token in (first, second)] == [False, False]
    assert set(service.world.counters) == {f"device-poll#{first.digest}", f"device-poll#{second.digest}"}


def test_a_device_whose_code_is_not_answered_has_no_answer(service: Service) -> None:
    """Entering the code is not an answer."""
    assert answered(find_device(service, entered(service, service.person()).device_code)) is None


@pytest.mark.parametrize(("decision", "is_allowed"), [(ALLOW, True), (DENY, False)])
def test_a_device_finds_the_answer_and_who_gave_it(service: Service, decision: Decision, *, is_allowed: bool) -> None:
    """As often as it asks."""
    owner = service.person()
    found = entered(service, owner)
    answer(service, found, owner, decision)

    for _ in range(2):
        assert answered(find_device(service, found.device_code)) == (owner.session.user_id, is_allowed)


def test_an_exchange_opens_a_session_and_marks_the_code_as_used(service: Service) -> None:
    """One transaction, as for an authorization code; the owner is emailed."""
    owner = service.person()
    code = allowed_device(service, owner)
    service.world.counters.clear()
    token, before, now = find_device(service, code), stored(service), later(minutes=5)
    tokens = service.device_login.redeem(token, DEVICE, now)

    session, user_id = expected_session(owner, tokens, DEVICE, now), owner.session.user_id
    assert tokens == Tokens(user_id, f"signed.for.{session.digest}", tokens.refresh_token, "account")
    assert stored(service) == {
        **before,
        "users": {user_id: service.world.users[user_id]},
        "sessions": {owner.session.digest: owner.session, session.digest: session},
        "tokens": {it.key: it for it in [mark(token, tokens, now)]},
        "records": service.world.records,
    }
    assert held(service, owner) == {owner.session.digest, session.digest}
    detail = {"method": "password", "session": session.digest, "client": CLIENT}
    assert recorded(service) == [Record(user_id, "authn_login_success", now, DEVICE, detail, "")]
    assert service.outbox.messages == [messages.ClientLoggedIn(user_id, "curl", now, DEVICE.source, "Comfy CLI")]
    assert counters(service) == {}


def test_a_device_code_that_comes_twice_ends_the_session_of_its_first_use(service: Service) -> None:
    """A third use changes nothing. A mark of ten minutes is enough: the code itself lives no longer."""
    owner = service.person()
    code = allowed_device(service, owner)
    session, _ = halves(exchanged(service, code).refresh_token)
    service.world.records.clear()

    for _ in range(2):
        with pytest.raises(GrantReused):
            find_device(service, code, later(minutes=10, microseconds=-1))
    assert held(service, owner) == {owner.session.digest}
    assert recorded(service) == [reuse_record(owner, session, DEVICE, later(minutes=10, microseconds=-1))]


def test_of_two_concurrent_exchanges_the_second_ends_the_session_of_the_first(service: Service) -> None:
    """Both have read the answer before either uses the code up."""
    owner = service.person()
    token = find_device(service, allowed_device(service, owner))
    rival = Service(service.world)
    service.interposed = Interleaved(service.world, lambda: rival.device_login.redeem(token, OWNER, NOW))

    with pytest.raises(GrantReused):
        service.device_login.redeem(token, DEVICE, NOW)
    assert held(service, owner) == {owner.session.digest}


def _log_out_everywhere(service: Service, owner: LoggedIn) -> None:
    service.logout_everywhere.everywhere(cookie(owner), OWNER, NOW)


def _change_password(service: Service, owner: LoggedIn) -> None:
    service.password_change.change(cookie(owner), PASSWORD, OTHER_PASSWORD, OWNER, NOW)


def _disable(service: Service, owner: LoggedIn) -> None:
    service.world.user(owner.session.user_id, status=users.DISABLED)


@pytest.mark.parametrize("end", [log_out, _log_out_everywhere, _change_password, _disable])
def test_an_allowed_device_code_ends_with_what_ends_other_sessions(
    service: Service, end: Callable[[Service, LoggedIn], None]
) -> None:
    """Promise 6: no device logs in a minute later."""
    owner = service.person()
    token = find_device(service, allowed_device(service, owner))
    end(service, owner)
    before = stored(service)

    with pytest.raises(InvalidGrant) as refusal:
        service.device_login.redeem(token, DEVICE, later(minutes=1))
    assert type(refusal.value) is InvalidGrant
    assert (stored(service), programs(service)) == (before, [])


def test_an_answer_given_after_a_change_of_password_works(service: Service) -> None:
    """Although the device asked before it: the moment of the answer decides."""
    owner = service.person()
    found = codes(service, NOW - timedelta(minutes=1))
    _change_password(service, owner)
    service.device_consent.question(found.user_code, owner.session, OWNER, NOW)
    answer(service, found, owner, now=later(microseconds=1))

    assert exchanged(service, found.device_code)


@pytest.mark.parametrize("edge", ["signer", "world"])
def test_an_answer_survives_an_outage(service: Service, edge: str) -> None:
    """Nothing is written (promise 7)."""
    owner = service.person()
    token, before = find_device(service, allowed_device(service, owner)), stored(service)
    getattr(service, edge).down = True
    with pytest.raises(Unavailable):
        service.device_login.redeem(token, DEVICE, NOW)

    getattr(service, edge).down = False
    assert stored(service) == before
    assert service.device_login.redeem(token, DEVICE, NOW)
