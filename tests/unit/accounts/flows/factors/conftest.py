"""An owner with a second factor."""

import pytest

from accounts.flows.people.session_opening import LoggedIn
from tests.unit.accounts.flows.factors.stage import FactorService


@pytest.fixture
def service() -> FactorService:
    return FactorService()


@pytest.fixture
def owner(service: FactorService) -> LoggedIn:
    """An owner, who has no second factor yet."""
    return service.person()
