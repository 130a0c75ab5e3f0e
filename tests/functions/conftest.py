"""One emulated AWS per test; after each test, everything it left behind is searched for secrets."""

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
from tests.functions.away import EmulatedProviders, away
from tests.functions.cloud import ADMIN_SECRET, ENVIRONMENT, PEPPER, Cloud
from tests.functions.lambdas import Clock, Lambdas
from tests.functions.people import People
from tests.quick_bcrypt import QuickBcrypt

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
# What notices say of the sample requests.
HERE = {"device": "Firefox on Linux", "at": NOW.isoformat(), "source": "203.0.113.7"}


@pytest.fixture(scope="module")
def _deployed() -> Iterator[None]:
    """The stack for one test file. Cached clients of other files connect elsewhere, so caches are cleared."""
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
    """AWS with the template's resources and empty tables."""
    watched = Cloud()
    watched.empty_tables()
    watched.watch(monkeypatch)
    return watched


@pytest.fixture
def functions(aws: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Lambdas]:
    """All functions, at one frozen time; after the test, no secret may be left anywhere."""
    clock, bcrypt = Clock(NOW), QuickBcrypt()
    monkeypatch.setattr(passwords, "bcrypt", bcrypt)
    for module in (endpoint, batches):
        monkeypatch.setattr(module, "datetime", clock.frozen())
    deployed = Lambdas(aws, clock, People(NOW), bcrypt)
    deployed.listen()
    aws.calls.clear()
    yield deployed
    if aws.secrets:  # handlers may have cached some
        lambdas.module.cache_clear()
    printed = capsys.readouterr()
    left = json.dumps([aws.tables(), aws.queued(), deployed.stream.getvalue(), deployed.seen, printed.out, printed.err])
    secrets = {PEPPER, ADMIN_SECRET} | deployed.people.known | deployed.issued
    assert [secret for secret in sorted(secrets) if secret in left] == []


@pytest.fixture
def people(functions: Lambdas) -> People:
    return functions.people


@pytest.fixture
def providers(functions: Lambdas) -> Iterator[EmulatedProviders]:
    """Google and GitHub with credentials, emulated in this process."""
    with away(functions) as wire:
        yield wire
