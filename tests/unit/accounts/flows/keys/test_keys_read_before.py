"""The key that a request names is read with the session: it may be another account's, or have changed since."""

from collections.abc import Callable
from copy import replace

import pytest

from accounts.errors import KeyLimitReached, NotFound, TooManyAttempts, Unauthenticated
from accounts.limits import (
    API_KEY_CHANGES_PER_ACCOUNT_PER_DAY,
    API_KEYS_CREATED_PER_ACCOUNT_PER_DAY,
    API_KEYS_PER_ACCOUNT,
)
from accounts.model import throttles
from accounts.model.api_keys import ApiKey, Details, Edit
from accounts.model.sessions import Session
from tests.fake_deployment import FakeDeployment
from tests.unit.accounts.stage import NOW, OWNER, Service, cookie, counted, later

Act = Callable[[FakeDeployment, Session, ApiKey], object]
ACTS: dict[str, Act] = {
    "change": lambda it, by, key: it.key_description.change(by, key.id, Edit("box"), OWNER, NOW, read=key),
    "open": lambda it, by, key: it.key_description.change(by, key.id, Edit(networks=None), OWNER, NOW, read=key),
    "rotate": lambda it, by, key: it.key_rotation.rotate(by, key.id, 7, OWNER, NOW, read=key),
    "rotate at once": lambda it, by, key: it.key_rotation.rotate(by, key.id, 0, OWNER, NOW, read=key),
    "delete": lambda it, by, key: it.key_deletion.delete(by.user_id, key.id, OWNER, NOW, read=key),
}


@pytest.mark.parametrize("name", ACTS)
def test_the_key_of_another_account_is_a_key_that_does_not_exist(service: Service, name: str) -> None:
    attacker = service.person("eve@example.com").session
    owner = service.person()
    key = service.key_creation.create(cookie(owner), Details("laptop", networks=["192.0.2.7"]), OWNER, NOW).api_key
    service.outbox.messages.clear()
    with pytest.raises(NotFound):
        ACTS[name](FakeDeployment(service.world), attacker, key)

    assert (service.world.api_keys, service.outbox.messages) == ({key.id: key}, [])
    assert service.world.users[key.user_id].api_keys == {key.id}


@pytest.mark.parametrize("name", ACTS)
def test_a_key_that_was_deleted_since_does_not_come_back(service: Service, name: str) -> None:
    logged_in = service.person()
    key = service.key(logged_in).api_key
    service.key_deletion.delete(cookie(logged_in), key.id, OWNER, NOW)
    with pytest.raises(NotFound):
        ACTS[name](FakeDeployment(service.world), logged_in.session, key)

    assert service.world.api_keys == {}
    assert service.world.users[key.user_id].api_keys == frozenset()


@pytest.mark.parametrize("days", [0, 7])
def test_a_rotation_copies_what_the_key_says_now(service: Service, days: int) -> None:
    """Not what it said when it was read: a restriction that was added since is not lost."""
    logged_in = service.person()
    read = service.key(logged_in).api_key
    edit = Edit("box", networks=["192.0.2.7"], scopes=["orders"])
    service.key_description.change(cookie(logged_in), read.id, edit, OWNER, NOW)

    new = FakeDeployment(service.world).key_rotation.rotate(logged_in.session, read.id, days, OWNER, NOW, read=read)

    said = ("box", "192.0.2.7/32", "orders")
    assert {(key.name, key.networks, key.scopes) for key in service.world.api_keys.values()} == {said}
    assert len(service.world.api_keys) == (2 if days else 1)
    assert new.api_key.digest in service.world.api_keys


@pytest.mark.parametrize("name", ["rotate", "rotate at once"])
def test_a_session_that_ended_since_rotates_nothing(service: Service, name: str) -> None:
    """The account's item says so, although the session was accepted."""
    logged_in = service.person()
    key = service.key(logged_in).api_key
    service.world.user(key.user_id, sessions={})
    with pytest.raises(Unauthenticated):
        ACTS[name](FakeDeployment(service.world), logged_in.session, key)

    assert service.world.api_keys == {key.id: key}


@pytest.mark.parametrize("name", ["rotate", "rotate at once"])
def test_a_rotation_is_counted_with_what_it_writes(service: Service, name: str) -> None:
    """Or refused, with nothing written; the next day, there is room again."""
    logged_in = service.person()
    key = service.key(logged_in).api_key
    # Creating it was one.
    _use_up(service, "key-created", key.user_id, API_KEYS_CREATED_PER_ACCOUNT_PER_DAY - 2)
    deployment = FakeDeployment(service.world)
    ACTS[name](deployment, logged_in.session, key)
    assert counted(service)["key-created/86400"] == API_KEYS_CREATED_PER_ACCOUNT_PER_DAY
    before = dict(service.world.api_keys)

    with pytest.raises(TooManyAttempts) as refusal:
        deployment.key_creation.create(logged_in.session, Details("more"), OWNER, NOW)
    with pytest.raises(TooManyAttempts):
        deployment.key_rotation.rotate(logged_in.session, key.id, 0, OWNER, NOW)

    assert refusal.value.retry_after == 12 * 60 * 60
    assert service.world.api_keys == before
    tomorrow = replace(logged_in.session, authenticated_at=later(days=1))
    assert deployment.key_creation.create(tomorrow, Details("more"), OWNER, later(days=1))


def test_a_change_is_counted_with_what_it_writes(service: Service) -> None:
    logged_in = service.person()
    key = service.key(logged_in).api_key
    _use_up(service, "key-changed", key.user_id, API_KEY_CHANGES_PER_ACCOUNT_PER_DAY - 1)
    deployment = FakeDeployment(service.world)
    ACTS["change"](deployment, logged_in.session, key)
    changed = service.world.api_keys[key.id]
    with pytest.raises(TooManyAttempts):
        ACTS["open"](deployment, logged_in.session, changed)

    assert service.world.api_keys == {key.id: changed}


def test_an_attempt_at_a_full_account_is_counted(service: Service) -> None:
    """It reads every key: a session must not do that as often as it wants."""
    logged_in = service.person()
    for number in range(API_KEYS_PER_ACCOUNT):
        service.key(logged_in, f"{number}")
    deployment = FakeDeployment(service.world)
    outcomes = []
    for _ in range(API_KEYS_CREATED_PER_ACCOUNT_PER_DAY - API_KEYS_PER_ACCOUNT + 1):
        with pytest.raises((KeyLimitReached, TooManyAttempts)) as refusal:
            deployment.key_creation.create(logged_in.session, Details("more"), OWNER, NOW)
        outcomes.append(type(refusal.value).__name__)

    assert outcomes == ["KeyLimitReached"] * API_KEYS_PER_ACCOUNT + ["TooManyAttempts"]


def _use_up(service: Service, bucket: throttles.Bucket, user_id: str, times: int) -> None:
    one = throttles.window(bucket, user_id, limit=1000, per=later(days=1) - NOW, now=NOW)
    for _ in range(times):
        service.world.take(one, NOW)
