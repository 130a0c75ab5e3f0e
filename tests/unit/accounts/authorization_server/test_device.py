"""The device authorization endpoint reads what a device asks."""

import pytest

from accounts.errors import AccountsError
from accounts.model.device_codes import Codes
from accounts.model.one_time_tokens import DeviceRequest
from tests.unit.accounts.flows.clients.stage import CLIENT, DEVICE
from tests.unit.accounts.stage import NOW, SITE_URL, Service


def ask(service: Service, changes: dict[str, str | None]) -> Codes:
    """The codes for a form; None leaves a parameter out."""
    form = {"client_id": CLIENT, "scope": "account"} | changes
    sent = {name: value for name, value in form.items() if value is not None}
    return service.device_endpoint.codes(sent, DEVICE, NOW)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": None}, "invalid_client"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"resource": "https://evil.example"}, "invalid_target"),
    ],
)
def test_a_device_is_told_what_is_wrong_with_its_request(
    service: Service, changes: dict[str, str | None], code: str
) -> None:
    """Nothing is counted or written."""
    with pytest.raises(AccountsError) as refusal:
        ask(service, changes)

    assert refusal.value.code == code
    assert (service.world.tokens, service.world.counters) == ({}, {})


@pytest.mark.parametrize("changes", [{"scope": None}, {"scope": "jobs:read"}, {"resource": f"{SITE_URL}/api"}])
def test_unknown_scopes_and_our_own_resources_may_be_named(service: Service, changes: dict[str, str | None]) -> None:
    """The scope that is granted is stored (RFC 6749 3.3, RFC 8707)."""
    assert ask(service, changes)
    assert [DeviceRequest.of(token).scope for token in service.world.tokens.values()] == ["account"] * 2
