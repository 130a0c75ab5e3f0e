"""A device asks to log in and gets two codes."""

import pytest

from accounts import secrets
from accounts.errors import TooManyAttempts, Unavailable
from accounts.limits import DEVICE_CODES_PER_ADDRESS_PER_MINUTE
from accounts.model import device_codes
from accounts.model.one_time_tokens import DEVICE_CODE, UNCLAIMED, USER_CODE, DeviceRequest, OneTimeToken, UserCode
from accounts.model.resources import OWN
from accounts.transactions import TRIES
from tests.unit.accounts.flows.clients.stage import CLIENT, DEVICE, Refusing, codes, counters, stored
from tests.unit.accounts.stage import NOW, OWNER, STRANGER, Interleaved, Service, later


def test_a_device_gets_two_codes_that_belong_to_no_account(service: Service) -> None:
    """Both for ten minutes; the short one leads to the long one (RFC 8628 3.2)."""
    found = codes(service)

    asked = DeviceRequest(client_id=CLIENT, scope="account")
    device = OneTimeToken(
        DEVICE_CODE,
        secrets.digest(found.device_code),
        UNCLAIMED,
        NOW,
        later(minutes=10),
        asked.stored(),
    )
    user = OneTimeToken(
        USER_CODE,
        secrets.digest(found.user_code.replace("-", "")),
        UNCLAIMED,
        NOW,
        later(minutes=10),
        UserCode(**asked.stored(), device=device.digest, source=DEVICE.source, user_agent=DEVICE.user_agent).stored(),
    )
    assert service.world.tokens == {device.key: device, user.key: user}
    assert counters(service) == {f"device#{DEVICE.source}#60": 1}
    assert secrets.is_token(found.device_code)
    assert (len(found.user_code), found.user_code[4]) == (9, "-")


def test_each_request_has_codes_of_its_own(service: Service) -> None:
    first, second = codes(service), codes(service)

    assert first.device_code != second.device_code
    assert first.user_code != second.user_code
    assert len(service.world.tokens) == 4


def test_a_source_asks_twenty_times_a_minute(service: Service) -> None:
    """So that it cannot fill the table."""
    for _ in range(DEVICE_CODES_PER_ADDRESS_PER_MINUTE):
        codes(service)
    before = stored(service)

    with pytest.raises(TooManyAttempts) as refusal:
        codes(service, later(seconds=30))
    assert (refusal.value.retry_after, stored(service)) == (30, before)
    assert service.device_authorization.ask(CLIENT, OWN, "account", STRANGER, NOW)
    assert codes(service, later(seconds=60))


def test_a_short_code_that_is_taken_is_not_given_out_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """One click would allow two devices. Another short code is drawn, and counted as the same request."""
    taken = codes(service)
    before = stored(service)
    short = taken.user_code.replace("-", "")
    drawn = iter([short, short, "BCDFGHJK"])
    monkeypatch.setattr(device_codes, "new_user_code", lambda: next(drawn))
    found = codes(service)

    assert (found.user_code, found.device_code != taken.device_code) == ("BCDF-GHJK", True)
    assert before["tokens"].items() <= service.world.tokens.items()
    assert len(service.world.tokens) == 4
    assert counters(service) == {f"device#{DEVICE.source}#60": 2}


def test_of_two_concurrent_requests_with_one_short_code_the_second_draws_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["BCDFGHJK", "BCDFGHJK", "KJHGFDCB"])
    monkeypatch.setattr(device_codes, "new_user_code", lambda: next(drawn))
    first = []
    rival = Service(service.world)
    service.interposed = Interleaved(service.world, lambda: first.append(codes(rival)))

    assert codes(service).user_code == "KJHG-FDCB"
    assert first[0].user_code == "BCDF-GHJK"
    assert len(service.world.tokens) == 4


def test_a_device_for_which_no_code_is_free_is_asked_to_come_back(service: Service) -> None:
    """Neither of its codes is stored."""
    service.interposed = Refusing()
    with pytest.raises(Unavailable):
        codes(service)

    assert (service.interposed.times, service.world.tokens) == (TRIES, {})


def test_no_codes_are_given_out_while_the_tables_are_down(service: Service) -> None:
    service.world.down = True
    with pytest.raises(Unavailable):
        service.device_authorization.ask(CLIENT, OWN, "account", OWNER, NOW)

    assert (service.world.tokens, service.world.counters) == ({}, {})
