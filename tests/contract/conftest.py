"""The three places that the promises are kept in: the fake, moto in this process, and Amazon's DynamoDB Local."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

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
    """Run DynamoDB Local once for all tests; a machine without it skips them, but CI must have it."""
    try:
        with dynamodb_local() as endpoint:
            yield endpoint
    except MissingTool as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"DynamoDB Local: {missing}")
        pytest.skip(f"DynamoDB Local: {missing}")


@pytest.fixture(scope="module", params=[FAKE, MOTO, DYNAMODB_LOCAL])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Every place: what must hold anywhere."""
    yield from _made(request)


@pytest.fixture(scope="module", params=[MOTO, DYNAMODB_LOCAL])
def dynamo(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Every place that speaks DynamoDB's protocol: what must hold on the wire."""
    yield from _made(request)


@pytest.fixture(scope="module", params=[FAKE, DYNAMODB_LOCAL])
def racetrack(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """The places that run transactions in parallel; moto promises nothing about threads."""
    yield from _made(request)


@pytest.fixture(scope="module", params=[DYNAMODB_LOCAL])
def real(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Amazon's own: what only the real thing can show."""
    yield from _made(request)


def _made(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == FAKE:
        yield backends.fake()
    elif request.param == MOTO:
        with _connected(), mock_aws():
            yield backends.dynamo()
    else:
        with _connected(request.getfixturevalue("dynamodb_local_endpoint")):
            yield backends.dynamo()


@contextmanager
def _connected(endpoint: str | None = None) -> Iterator[None]:
    """Point the process's one connection at that endpoint, and forget it afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (_ENDPOINT, *_OTHER_ENDPOINTS):
            patch.delenv(name, raising=False)
        for name, value in _ENVIRONMENT.items():
            patch.setenv(name, value)
        if endpoint:
            patch.setenv(_ENDPOINT, endpoint)
        # How soon DynamoDB Local answers fifty at once is this machine's business, and no promise.
        patch.setattr(tables, "READ_TIMEOUT_SECONDS", 10.0)
        connection.cache_clear()
        yield
        connection().client.close()
        connection.cache_clear()
