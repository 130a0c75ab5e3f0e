"""The contract of API key stores."""

from copy import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.model import api_keys
from accounts.model.api_keys import Amendment, ApiKey
from accounts.model.audit import NO_CALLER
from tests.contract.backends import Backend
from tests.contract.samples import CALLER, LATER, NOW, a_digest, an_api_key


def add_key(backend: Backend, **fields: object) -> ApiKey:
    key: ApiKey = an_api_key(**fields)
    backend.commit(api_keys.Add(key))
    return key


def test_a_key_is_read_with_every_field(backend: Backend) -> None:
    key = add_key(backend)

    assert backend.api_keys.get(key.digest) == key


def test_an_unused_key_without_description_that_never_expires_is_read_with_every_field(backend: Backend) -> None:
    unused = {"last_used_at": None, "last_used_source": "", "last_used_agent": "", "expires_at": None}
    key = add_key(backend, description="", key_id="", rotated_at=None, ends_at=None, **unused)

    assert backend.api_keys.get(key.digest) == key


def test_an_unknown_key_reads_as_none(backend: Backend) -> None:
    assert backend.api_keys.get(a_digest()) is None


def test_a_second_key_with_the_same_digest_is_refused(backend: Backend) -> None:
    key = add_key(backend)
    again = api_keys.Add(an_api_key(digest=key.digest))

    assert backend.refused(again) == (again,)


def test_a_key_is_removed_once(backend: Backend) -> None:
    key = add_key(backend)
    remove = api_keys.Remove(key.digest, key.user_id)
    backend.commit(remove)

    assert backend.api_keys.get(key.digest) is None
    assert backend.refused(remove) == (remove,)


def test_ending_a_key_that_is_gone_is_not_a_conflict(backend: Backend) -> None:
    key = add_key(backend)
    for _ in range(2):
        backend.commit(api_keys.End(key.digest, key.user_id))
        assert backend.api_keys.get(key.digest) is None


def test_a_key_of_another_account_is_not_ended(backend: Backend) -> None:
    key = add_key(backend)
    foreign = api_keys.End(key.digest, "another account")

    assert backend.refused(foreign) == (foreign,)
    assert backend.api_keys.get(key.digest) == key


def test_a_key_of_another_account_is_not_removed(backend: Backend) -> None:
    """The owner's id is part of the condition."""
    key = add_key(backend)
    foreign = api_keys.Remove(key.digest, "another account")

    assert backend.refused(foreign) == (foreign,)


def test_last_use_is_stored(backend: Backend) -> None:
    """For a key that was never used, and for one that was."""
    key = add_key(backend, last_used_at=None, last_used_source="", last_used_agent="")
    backend.api_keys.touch(key.digest, NO_CALLER, LATER)
    assert backend.api_keys.get(key.digest) == replace(key, last_used_at=LATER)

    backend.api_keys.touch(key.digest, CALLER, LATER + timedelta(hours=1))
    used = {"last_used_source": CALLER.source, "last_used_agent": CALLER.user_agent}
    assert backend.api_keys.get(key.digest) == replace(key, last_used_at=LATER + timedelta(hours=1), **used)


@pytest.mark.parametrize("before", [{}, {"seen_networks": "", "new_network_at": None}])
def test_the_networks_of_uses_are_stored(backend: Backend, before: dict[str, Any]) -> None:
    """Each stays as it is when nothing is given."""
    key = add_key(backend, **before)
    backend.api_keys.touch(key.digest, CALLER, LATER, "203.0.113.0/24")
    seen = backend.api_keys.get(key.digest)
    assert seen == replace(key, last_used_at=LATER, seen_networks="203.0.113.0/24")

    backend.api_keys.touch(key.digest, CALLER, LATER, new_network_at=LATER)
    assert backend.api_keys.get(key.digest) == replace(seen, new_network_at=LATER)


def test_a_use_by_an_unknown_caller_forgets_the_last_one(backend: Backend) -> None:
    """The time and the caller belong together."""
    key = add_key(backend)
    backend.api_keys.touch(key.digest, NO_CALLER, LATER)

    assert backend.api_keys.get(key.digest) == replace(key, last_used_at=LATER, last_used_source="", last_used_agent="")


@pytest.mark.parametrize("key", [{}, {"networks": "", "description": ""}])
@pytest.mark.parametrize(
    "changed",
    [
        {"name": "box 2"},
        {"description": ""},
        {"name": "box 2", "description": "upstairs"},
        {"networks": "203.0.113.0/24 2001:db8::/32"},
        {"networks": ""},
    ],
)
def test_a_secret_is_amended(backend: Backend, key: dict[str, str], changed: dict[str, str]) -> None:
    """What is not given stays; a use since it was read does not matter."""
    read = add_key(backend, **key)
    backend.api_keys.touch(read.digest, NO_CALLER, LATER + timedelta(hours=1))
    backend.commit(api_keys.Amend(read, Amendment(**changed)))

    used = replace(read, last_used_at=LATER + timedelta(hours=1), last_used_source="", last_used_agent="")
    assert backend.api_keys.get(read.digest) == replace(used, **changed)


SINGLE = {"key_id": "", "rotated_at": None, "ends_at": None}
ROTATED = {"the old secret": {"key_id": "", "rotated_at": None}, "the new secret": {"ends_at": None}}


@pytest.mark.parametrize("which", ROTATED)
def test_a_key_that_was_rotated_is_not_one_secret_alone(backend: Backend, which: str) -> None:
    """It is removed only with all of its secrets."""
    key = add_key(backend, **ROTATED[which])
    remove = api_keys.Remove(key.digest, key.user_id, alone=True)

    assert not key.is_alone
    assert backend.refused(remove) == (remove,)
    assert backend.api_keys.get(key.digest) == key


def test_a_key_with_one_secret_is_removed_alone(backend: Backend) -> None:
    key = add_key(backend, **SINGLE)
    assert key.is_alone

    backend.commit(api_keys.Remove(key.digest, key.user_id, alone=True))
    assert backend.api_keys.get(key.digest) is None


@pytest.mark.parametrize("ends_at", [LATER, None])
@pytest.mark.parametrize("fields", [{}, {"expires_at": None, "description": ""}])
def test_a_secret_is_replaced(backend: Backend, ends_at: datetime | None, fields: dict[str, object]) -> None:
    """It gets an end, or ends at once; a use since it was read does not matter."""
    key = add_key(backend, **SINGLE, **fields)
    used = replace(key, last_used_at=LATER + timedelta(hours=1), last_used_source="", last_used_agent="")
    backend.api_keys.touch(key.digest, NO_CALLER, LATER + timedelta(hours=1))

    backend.commit(api_keys.Replace(key, ends_at))

    assert backend.api_keys.get(key.digest) == (replace(used, ends_at=ends_at, due_at=None) if ends_at else None)


def test_the_secrets_that_are_due_are_found_the_earliest_first(backend: Backend) -> None:
    """Not those that are never due, due later, or no longer due because they were replaced."""
    dates = {"last": NOW, "first": NOW - timedelta(days=1), "later": NOW + timedelta(seconds=1), "never": None}
    keys = {name: add_key(backend, name=name, due_at=due_at) for name, due_at in dates.items()}
    replaced = add_key(backend, **SINGLE, due_at=NOW)
    backend.commit(api_keys.Replace(replaced, LATER))
    # Other tests share the tables of a backend.
    mine = {key.digest: name for name, key in keys.items()} | {replaced.digest: "replaced"}
    found = backend.api_keys.due(NOW, 10_000)

    assert [mine[digest] for digest in found if digest in mine] == ["first", "last"]
    assert len(backend.api_keys.due(NOW, 1)) == 1


@pytest.mark.parametrize("following", [LATER + timedelta(days=6), None])
def test_a_secret_is_due_again_later_or_never(backend: Backend, following: datetime | None) -> None:
    """Once: not if it is gone, or was handled concurrently."""
    key = add_key(backend)
    gone = api_keys.SetDue(an_api_key(), following)
    backend.commit(api_keys.SetDue(key, following))

    assert backend.api_keys.get(key.digest) == replace(key, due_at=following)
    again = api_keys.SetDue(key, following)
    assert (backend.refused(again), backend.refused(gone)) == ((again,), (gone,))
    listed = following is not None and key.digest in backend.api_keys.due(following, 10_000)
    assert listed == (following is not None)
    assert key.digest not in backend.api_keys.due(LATER + timedelta(days=5), 10_000)


CHANGED = [
    {"name": "box 2"},
    {"description": ""},
    {"ends_at": LATER},
    {"expires_at": None},
    {"networks": ""},
    {"networks": "203.0.113.0/24"},
    {"user_id": "another account"},
]


@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.parametrize("ends_at", [LATER, None])
def test_a_secret_that_has_changed_is_not_replaced(
    backend: Backend, ends_at: datetime | None, change: dict[str, object]
) -> None:
    """The new secret would have what the old one no longer has."""
    key = add_key(backend, **SINGLE)
    replacing = api_keys.Replace(replace(key, **change), ends_at)

    assert backend.refused(replacing) == (replacing,)
    assert backend.api_keys.get(key.digest) == key


@pytest.mark.parametrize("change", CHANGED)
def test_a_secret_that_has_changed_is_not_amended(backend: Backend, change: dict[str, object]) -> None:
    """A rotation in between has copied what the key said before."""
    key = add_key(backend, **SINGLE)
    amend = api_keys.Amend(replace(key, **change), Amendment("box"))

    assert backend.refused(amend) == (amend,)
    assert backend.api_keys.get(key.digest) == key


def test_a_key_that_was_deleted_is_not_restored(backend: Backend) -> None:
    key = add_key(backend)
    backend.commit(api_keys.Remove(key.digest, key.user_id))
    amend = api_keys.Amend(key, Amendment("box"))
    before = backend.contents()

    assert backend.refused(amend) == (amend,)
    assert backend.contents() == before


def test_recording_use_does_not_recreate_a_deleted_key(backend: Backend) -> None:
    """A request that was in progress when its key was deleted writes nothing."""
    key = add_key(backend)
    backend.commit(api_keys.Remove(key.digest, key.user_id))
    before = backend.contents()
    backend.api_keys.touch(key.digest, CALLER, LATER)

    assert backend.contents() == before


def test_the_keys_of_an_account_are_listed(backend: Backend) -> None:
    """All of its keys with every field, and no other account's."""
    mine = add_key(backend)
    also_mine = add_key(backend, user_id=mine.user_id, last_used_at=None)
    add_key(backend)

    listed = backend.api_keys.of_user(mine.user_id)

    assert sorted(listed, key=lambda k: k.digest) == sorted([mine, also_mine], key=lambda k: k.digest)


def test_an_account_without_keys_lists_none(backend: Backend) -> None:
    assert backend.api_keys.of_user("nobody") == []
