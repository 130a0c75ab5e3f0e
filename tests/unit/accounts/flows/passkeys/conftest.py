"""Owners with passkeys."""

import pytest

from accounts.flows.people.session_opening import LoggedIn
from tests.authenticators import Authenticator
from tests.unit.accounts.flows.passkeys.stage import PasskeyService


@pytest.fixture
def service() -> PasskeyService:
    return PasskeyService()


@pytest.fixture
def owner(service: PasskeyService) -> LoggedIn:
    return service.person()


@pytest.fixture
def device(service: PasskeyService, owner: LoggedIn) -> Authenticator:
    """A device with a passkey of the owner, and counters, records and queue empty."""
    device = Authenticator()
    service.add(owner, device)
    service.world.counters.clear()
    service.world.records.clear()
    service.outbox.messages.clear()
    return device
