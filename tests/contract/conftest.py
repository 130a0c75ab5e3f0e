"""The three backends that the contracts are tested on: the fake, moto in this process, and Amazon's DynamoDB Local."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from moto import mock_aws

from accounts.dynamo import tables
from accounts.dynamo.tables import connection
from local.dynamodb_local import MissingTool, dynamodb_local
from tests.contract import backends
from tests.contract.backends import Backend
from tests.quicker_moto import quicker

FAKE, MOTO, DYNAMODB_LOCAL = "fake", "moto", "dynamodb-local"
_ENDPOINT = "AWS_ENDPOINT_URL_DYNAMODB"
_OTHER_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN")
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="session")
def dynamodb_local_endpoint() -> Iterator[str]:
    """Start DynamoDB Local once for all tests; without it they are skipped, except in CI, where they fail."""
    try:
        with dynamodb_local() as endpoint:
            yield endpoint
    except MissingTool as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"DynamoDB Local: {missing}")
        pytest.skip(f"DynamoDB Local: {missing}")


@pytest.fixture(params=range(3))
def each_round() -> None:
    """Three rounds: a race that is lost only sometimes is a defect."""


class Backends:
    """Connects to one backend at a time. Returning to a backend means empty tables there."""

    def __init__(self, endpoint: Callable[[], str]) -> None:
        """``endpoint`` starts DynamoDB Local."""
        self._endpoint = endpoint
        self._open = ExitStack()
        self._at: tuple[str, Backend] | None = None

    def at(self, name: str) -> Backend:
        """Connect to the backend, unless it was the last test's."""
        if self._at is None or self._at[0] != name:
            self.leave()
            self._at = name, self._open.enter_context(self._connected_to(name))
        return self._at[1]

    def leave(self) -> None:
        self._at = None
        self._open.close()

    @contextmanager
    def _connected_to(self, name: str) -> Iterator[Backend]:
        if name == FAKE:
            yield backends.fake()
        elif name == MOTO:
            with _connected(), mock_aws(), quicker():
                yield backends.dynamo()
        else:
            with _connected(self._endpoint()):
                yield backends.dynamo()


@pytest.fixture(scope="module")
def _backends(request: pytest.FixtureRequest) -> Iterator[Backends]:
    places = Backends(lambda: str(request.getfixturevalue("dynamodb_local_endpoint")))
    yield places
    places.leave()


# Module scope makes pytest group a module's tests by backend.
@pytest.fixture(scope="module", params=[FAKE, MOTO, DYNAMODB_LOCAL])
def _every_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=[MOTO, DYNAMODB_LOCAL])
def _wire_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=[FAKE, DYNAMODB_LOCAL])
def _parallel_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=[DYNAMODB_LOCAL])
def _real_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def backend(_backends: Backends, _every_backend: str) -> Backend:
    """Every backend, for what must hold on all of them."""
    return _backends.at(_every_backend)


@pytest.fixture
def dynamo(_backends: Backends, _wire_backend: str) -> Backend:
    """Every backend that speaks DynamoDB's protocol, for what must hold on the wire."""
    return _backends.at(_wire_backend)


@pytest.fixture
def racetrack(_backends: Backends, _parallel_backend: str) -> Backend:
    """The backends that run transactions in parallel. moto is not thread-safe."""
    return _backends.at(_parallel_backend)


@pytest.fixture
def real(_backends: Backends, _real_backend: str) -> Backend:
    """DynamoDB Local only, for what the others do not emulate."""
    return _backends.at(_real_backend)


@contextmanager
def _connected(endpoint: str | None = None) -> Iterator[None]:
    """Point the process's one connection at the endpoint, and forget the connection afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (_ENDPOINT, *_OTHER_ENDPOINTS):
            patch.delenv(name, raising=False)
        for name, value in _ENVIRONMENT.items():
            patch.setenv(name, value)
        if endpoint:
            patch.setenv(_ENDPOINT, endpoint)
        # How fast DynamoDB Local answers fifty concurrent calls depends on the machine.
        patch.setattr(tables, "READ_TIMEOUT_SECONDS", 60.0)
        connection.cache_clear()
        yield
        connection().client.close()
        connection.cache_clear()
