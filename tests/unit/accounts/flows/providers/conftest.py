"""No socket opens in this folder, but for the tests of the HTTP adapter, which talk to a server of their own."""

import pytest

from tests.unit.accounts.flows.providers.stage import OAuthService


@pytest.fixture(autouse=True)
def _no_sockets(socket_disabled: None) -> None:
    """Fail any test that reaches for the network."""


@pytest.fixture
def service() -> OAuthService:
    """The whole domain on an empty in-memory world, with a Google and a GitHub that say what a test has them say."""
    return OAuthService()
