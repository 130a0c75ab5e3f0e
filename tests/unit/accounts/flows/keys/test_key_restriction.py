"""Restricted keys: they work only from networks that their owner allows."""

from copy import replace
from typing import Any

import pytest

from accounts.errors import (
    ApiKeyWrongNetwork,
    InvalidInput,
    NotFound,
    ReauthenticationRequired,
    TooManyAttempts,
)
from accounts.flows.keys.key_management import NewKey
from accounts.flows.keys.key_verification import Verified
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import API_KEY_CHANGES_PER_ACCOUNT_PER_DAY
from accounts.model.api_keys import Details, Edit
from accounts.model.audit import Caller, Record
from tests.unit.accounts.stage import NOW, OWNER, Interleaved, Service, cookie, counted, key_credential, later

OFFICE = ["203.0.113.0/24", "2001:db8:7::/48"]
INSIDE = Caller("203.0.113.7", "a machine in the office", address="203.0.113.7")
OUTSIDE = Caller("198.51.100.7", "a machine elsewhere", address="198.51.100.7")
# Of an IPv6 address, the source is only the network.
INSIDE_V6 = Caller("2001:db8:7:1::/64", "", address="2001:db8:7:1::9")
UNKNOWN = Caller("", "")


def restricted(service: Service, logged_in: LoggedIn, **details: Any) -> NewKey:
    sent = Details("laptop", networks=OFFICE, **details)
    new: NewKey = service.key_creation.create(cookie(logged_in), sent, OWNER, NOW)
    return new


def restrict(service: Service, logged_in: LoggedIn, key: NewKey, networks: list[str] | None, now: Any = NOW) -> None:
    service.key_description.change(cookie(logged_in), key.api_key.id, Edit(networks=networks), OWNER, now)


def works(service: Service, plaintext: str, caller: Caller) -> bool:
    try:
        service.principal(key_credential(plaintext), caller, NOW)
    except ApiKeyWrongNetwork:
        return False
    return True


def test_a_restricted_key_works_from_its_networks_only(service: Service) -> None:
    """At our own routes and at verification, which share the lookup. An unknown address is not in them."""
    new = restricted(service, service.person())
    stored = service.world.api_keys[new.api_key.digest]

    assert stored.networks == "203.0.113.0/24 2001:db8:7::/48"
    for outside in (OUTSIDE, UNKNOWN, replace(INSIDE, address="")):
        assert not works(service, new.plaintext, outside)
        assert isinstance(service.key_verification.verified(new.plaintext, outside, NOW), ApiKeyWrongNetwork)
    assert service.world.api_keys[new.api_key.digest] == stored
    for inside in (INSIDE, INSIDE_V6, replace(INSIDE, address="::ffff:203.0.113.7")):
        assert works(service, new.plaintext, inside)
        assert isinstance(service.key_verification.verified(new.plaintext, inside, NOW), Verified)


def test_a_refused_key_costs_one_read_and_shows_nothing_else(service: Service) -> None:
    """Not that it has expired or was replaced; its use is not recorded, its source not counted."""
    logged_in = service.person()
    new = restricted(service, logged_in, expires_at="2026-03-08T12:00:00Z")
    service.key_rotation.rotate(cookie(logged_in), new.api_key.id, 1, OWNER, NOW)
    stored = dict(service.world.api_keys)
    service.world.counters.clear()
    service.world.reads.clear()

    for at in (NOW, later(days=3), later(days=30)):
        with pytest.raises(ApiKeyWrongNetwork):
            service.principal(key_credential(new.plaintext), OUTSIDE, at)
    assert (service.world.reads, counted(service)) == ([f"api_keys:{new.api_key.digest}"] * 3, {})
    assert service.world.api_keys == stored


def test_networks_are_changed_and_lifted(service: Service) -> None:
    """With effect on the next request, and recorded."""
    logged_in = service.person()
    new = service.key(logged_in)
    service.world.records.clear()

    restrict(service, logged_in, new, OFFICE)
    assert [works(service, new.plaintext, it) for it in (INSIDE, OUTSIDE)] == [True, False]
    restrict(service, logged_in, new, ["198.51.100.7"])
    assert [works(service, new.plaintext, it) for it in (INSIDE, OUTSIDE)] == [False, True]
    restrict(service, logged_in, new, None)
    assert [works(service, new.plaintext, it) for it in (INSIDE, OUTSIDE)] == [True, True]

    about = {"api_key": new.api_key.id, "name": "laptop"}
    kept = [
        Record(logged_in.session.user_id, "authn_token_restricted", NOW, OWNER, about | {"networks": networks})
        for networks in ("203.0.113.0/24 2001:db8:7::/48", "198.51.100.7/32", "")
    ]
    assert [replace(record, serial="") for record in service.world.records] == [replace(it, serial="") for it in kept]


def test_a_name_and_networks_are_changed_at_once(service: Service) -> None:
    """With a record of each, under the new name."""
    logged_in = service.person()
    key = service.key(logged_in).api_key
    service.world.records.clear()

    edit = Edit("box", "upstairs", OFFICE)
    service.key_description.change(cookie(logged_in), key.id, edit, OWNER, NOW)

    changed = replace(key, name="box", description="upstairs", networks="203.0.113.0/24 2001:db8:7::/48")
    assert service.world.api_keys == {key.id: changed}
    events = [(record.event, record.detail["name"]) for record in service.world.records]
    assert events == [("authn_token_updated", "box"), ("authn_token_restricted", "box")]


def test_changing_networks_needs_a_login_of_the_last_15_minutes(service: Service) -> None:
    """A rename does not (SE-12)."""
    logged_in = service.person()
    new = restricted(service, logged_in)
    at = later(minutes=16)
    for edit in (Edit(networks=None), Edit("box", networks=["0.0.0.0/0"])):
        with pytest.raises(ReauthenticationRequired):
            service.key_description.change(cookie(logged_in), new.api_key.id, edit, OWNER, at)

    assert service.world.api_keys == {new.api_key.id: new.api_key}
    service.key_description.change(cookie(logged_in), new.api_key.id, Edit("box"), OWNER, at)
    assert service.world.api_keys == {new.api_key.id: replace(new.api_key, name="box")}


@pytest.mark.parametrize("networks", [[], ["203.0.113.7/24"], ["192.0.2.7"] * 2, ["nonsense"], ["192.0.2.7"] * 11])
def test_bad_networks_write_nothing(service: Service, networks: list[str]) -> None:
    """No key, no record, no email, and no use of a daily limit; not even the name beside them."""
    logged_in = service.person()
    key = service.key(logged_in).api_key
    service.outbox.messages.clear()
    service.world.records.clear()
    service.world.counters.clear()

    with pytest.raises(InvalidInput):
        service.key_creation.create(cookie(logged_in), Details("new", networks=networks), OWNER, NOW)
    with pytest.raises(InvalidInput):
        service.key_description.change(cookie(logged_in), key.id, Edit("new", networks=networks), OWNER, NOW)
    assert (service.world.api_keys, service.world.records, service.outbox.messages) == ({key.id: key}, [], [])
    assert counted(service) == {}


def test_a_rotation_keeps_the_networks(service: Service) -> None:
    """Both secrets have them; a change reaches both."""
    logged_in = service.person()
    old = restricted(service, logged_in)
    new = service.key_rotation.rotate(cookie(logged_in), old.api_key.id, 7, OWNER, NOW)
    for key in (old, new):
        assert [works(service, key.plaintext, it) for it in (INSIDE, OUTSIDE)] == [True, False]

    restrict(service, logged_in, old, ["198.51.100.7"])
    for key in (old, new):
        assert [works(service, key.plaintext, it) for it in (INSIDE, OUTSIDE)] == [False, True]


@pytest.mark.parametrize("days", [0, 7])
@pytest.mark.parametrize("rotated", [False, True])
def test_a_rotation_does_not_escape_a_restriction(service: Service, days: int, *, rotated: bool) -> None:
    """It is committed after the restriction has read the key, also when an old secret has ended but is still stored."""
    logged_in = service.person()
    first = service.key(logged_in)
    if rotated:
        service.key_rotation.rotate(cookie(logged_in), first.api_key.id, 1, OWNER, NOW)
    at = later(days=2)
    logged_in = service.log_in(at)
    rival = Service(service.world)
    made: list[NewKey] = []

    def rotate() -> None:
        made.append(rival.key_rotation.rotate(cookie(logged_in), first.api_key.id, days, OWNER, at))

    service.interposed = Interleaved(service.world, rotate)
    restrict(service, logged_in, first, OFFICE, at)

    assert service.world.api_keys[made[0].api_key.digest].networks == "203.0.113.0/24 2001:db8:7::/48"
    assert {key.networks for key in service.world.api_keys.values()} == {"203.0.113.0/24 2001:db8:7::/48"}


def test_a_key_that_is_deleted_concurrently_does_not_come_back(service: Service) -> None:
    logged_in = service.person()
    new = service.key(logged_in)
    rival = Service(service.world)
    service.interposed = Interleaved(
        service.world, lambda: rival.key_deletion.delete(cookie(logged_in), new.api_key.id, OWNER, NOW)
    )
    with pytest.raises(NotFound):
        restrict(service, logged_in, new, OFFICE)

    assert service.world.api_keys == {}


def test_an_account_changes_its_keys_a_hundred_times_a_day(service: Service) -> None:
    """Each change is kept. The next one waits for the day to end; keys can still be created."""
    logged_in = service.person()
    new = service.key(logged_in)
    for number in range(API_KEY_CHANGES_PER_ACCOUNT_PER_DAY):
        service.key_description.change(cookie(logged_in), new.api_key.id, Edit(f"{number}"), OWNER, NOW)
    with pytest.raises(TooManyAttempts):
        service.key_description.change(cookie(logged_in), new.api_key.id, Edit("more"), OWNER, NOW)

    assert service.world.api_keys[new.api_key.id].name == "99"
    assert service.key(logged_in).plaintext
