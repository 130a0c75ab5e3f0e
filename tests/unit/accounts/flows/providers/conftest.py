"""Tests in this folder open no socket, except those of the HTTP adapter, which talk to a server of their own."""

import pytest

from tests.unit.accounts.flows.providers.stage import OAuthService


@pytest.fixture(autouse=True)
def _no_sockets(socket_disabled: None) -> None:
    """Fail a test that opens a socket."""


@pytest.fixture
def service() -> OAuthService:
    """The whole domain over an empty in-memory world, with fake Google and GitHub whose answers a test can set."""
    return OAuthService()
