"""The three places where the promises are tested: the fake, moto in this process, and Amazon's DynamoDB Local."""

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


class Places:
    """Connects to one place at a time. Returning to a place means empty tables there."""

    def __init__(self, endpoint: Callable[[], str]) -> None:
        """``endpoint`` starts DynamoDB Local."""
        self._endpoint = endpoint
        self._open = ExitStack()
        self._at: tuple[str, Backend] | None = None

    def at(self, name: str) -> Backend:
        """Connect to the place, unless that is where the last test ran."""
        if self._at is None or self._at[0] != name:
            self.leave()
            self._at = name, self._open.enter_context(self._connected_to(name))
        return self._at[1]

    def leave(self) -> None:
        """Forget the connection."""
        self._at = None
        self._open.close()

    @contextmanager
    def _connected_to(self, name: str) -> Iterator[Backend]:
        if name == FAKE:
            yield backends.fake()
        elif name == MOTO:
            with _connected(), mock_aws():
                yield backends.dynamo()
        else:
            with _connected(self._endpoint()):
                yield backends.dynamo()


@pytest.fixture(scope="module")
def _places(request: pytest.FixtureRequest) -> Iterator[Places]:
    places = Places(lambda: str(request.getfixturevalue("dynamodb_local_endpoint")))
    yield places
    places.leave()


# The scope of these names has pytest run a module's tests place by place.
@pytest.fixture(scope="module", params=[FAKE, MOTO, DYNAMODB_LOCAL])
def _anywhere(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=[MOTO, DYNAMODB_LOCAL])
def _by_protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=[FAKE, DYNAMODB_LOCAL])
def _in_parallel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=[DYNAMODB_LOCAL])
def _for_real(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def backend(_places: Places, _anywhere: str) -> Backend:
    """Every place, for what must hold everywhere."""
    return _places.at(_anywhere)


@pytest.fixture
def dynamo(_places: Places, _by_protocol: str) -> Backend:
    """Every place that speaks DynamoDB's protocol, for what must hold on the wire."""
    return _places.at(_by_protocol)


@pytest.fixture
def racetrack(_places: Places, _in_parallel: str) -> Backend:
    """The places that run transactions in parallel; moto promises nothing about threads."""
    return _places.at(_in_parallel)


@pytest.fixture
def real(_places: Places, _for_real: str) -> Backend:
    """Amazon's own DynamoDB, for what only it can show."""
    return _places.at(_for_real)


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
        # How soon DynamoDB Local answers fifty calls at once depends on the machine and is not a promise.
        patch.setattr(tables, "READ_TIMEOUT_SECONDS", 10.0)
        connection.cache_clear()
        yield
        connection().client.close()
        connection.cache_clear()
