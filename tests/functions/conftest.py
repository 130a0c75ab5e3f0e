"""One emulated AWS a test, and after each test a search for secrets in everything that it left behind."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from accounts.aws import clients
from accounts.dynamo import tables
from accounts.model import passwords
from accounts.ses import batches
from accounts.web import endpoint
from tests.functions import cloud, lambdas
from tests.functions.away import ProvidersAway, away
from tests.functions.cloud import ADMIN_SECRET, ENVIRONMENT, PEPPER, Cloud
from tests.functions.lambdas import Clock, FakeBcrypt, Lambdas
from tests.functions.people import People

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def _deployed() -> Iterator[None]:
    """The stack, for one file of tests, and gone after it. Clients that others made go elsewhere: not to meet ours."""
    caches = (tables.connection, clients.client, batches._store, lambdas.module)
    for cache in caches:
        cache.cache_clear()
    with pytest.MonkeyPatch.context() as patch, cloud.running():
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield
    for cache in caches:
        cache.cache_clear()


@pytest.fixture
def aws(_deployed: None, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """AWS with what the template names, and nothing in the tables."""
    watched = Cloud()
    watched.empty_tables()
    watched.watch(monkeypatch)
    return watched


@pytest.fixture
def functions(aws: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Lambdas]:
    """All functions, at one frozen moment; whatever a test does with them, no secret may be left anywhere."""
    clock, bcrypt = Clock(NOW), FakeBcrypt()
    monkeypatch.setattr(passwords, "bcrypt", bcrypt)
    for module in (endpoint, batches):
        monkeypatch.setattr(module, "datetime", clock.frozen())
    deployed = Lambdas(aws, clock, People(NOW), bcrypt)
    deployed.listen()
    aws.calls.clear()
    yield deployed
    if aws.secrets:  # some of them are remembered
        lambdas.module.cache_clear()
    printed = capsys.readouterr()
    left = json.dumps([aws.tables(), aws.queued(), deployed.stream.getvalue(), deployed.seen, printed.out, printed.err])
    secrets = {PEPPER, ADMIN_SECRET} | deployed.people.known | deployed.issued
    assert [secret for secret in sorted(secrets) if secret in left] == []


@pytest.fixture
def people(functions: Lambdas) -> People:
    """Whoever a test needs."""
    return functions.people


@pytest.fixture
def providers(functions: Lambdas) -> Iterator[ProvidersAway]:
    """Google and GitHub, as far away as this process: both have credentials, and answer what a test tells them to."""
    with away(functions) as wire:
        yield wire
