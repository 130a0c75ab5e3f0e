"""What every keeper of API keys promises."""

from copy import replace
from datetime import timedelta

from accounts.model import api_keys
from accounts.model.api_keys import ApiKey
from tests.contract.backends import Backend
from tests.contract.samples import LATER, a_digest, an_api_key


def added(backend: Backend, **fields: object) -> ApiKey:
    """A key as it is stored after it was added."""
    key: ApiKey = an_api_key(**fields)
    backend.commit(api_keys.Add(key))
    return key


def test_a_key_comes_back_whole(backend: Backend) -> None:
    """Every field survives."""
    key = added(backend)

    assert backend.api_keys.get(key.digest) == key


def test_a_key_without_description_that_was_never_used_comes_back_whole(backend: Backend) -> None:
    """What is not there stays not there."""
    key = added(backend, description="", last_used_at=None)

    assert backend.api_keys.get(key.digest) == key


def test_an_unknown_key_is_none(backend: Backend) -> None:
    """Nobody is there."""
    assert backend.api_keys.get(a_digest()) is None


def test_a_digest_is_added_once(backend: Backend) -> None:
    """A second key under the same digest is refused and the first stays."""
    key = added(backend)
    again = api_keys.Add(an_api_key(digest=key.digest))

    assert backend.refused(again) == (again,)


def test_a_key_is_removed_once(backend: Backend) -> None:
    """After which it is unknown, and removing it again is refused."""
    key = added(backend)
    remove = api_keys.Remove(key.digest, key.user_id)
    backend.commit(remove)

    assert backend.api_keys.get(key.digest) is None
    assert backend.refused(remove) == (remove,)


def test_a_key_that_ends_with_its_account_may_be_gone(backend: Backend) -> None:
    """Ending it again is no conflict."""
    key = added(backend)
    for _ in range(2):
        backend.commit(api_keys.End(key.digest, key.user_id))
        assert backend.api_keys.get(key.digest) is None


def test_nobody_elses_key_ends(backend: Backend) -> None:
    """Whatever an account lists."""
    key = added(backend)
    foreign = api_keys.End(key.digest, "somebody else")

    assert backend.refused(foreign) == (foreign,)
    assert backend.api_keys.get(key.digest) == key


def test_nobody_elses_key_is_removed(backend: Backend) -> None:
    """Its owner's name is part of the condition."""
    key = added(backend)
    foreign = api_keys.Remove(key.digest, "somebody else")

    assert backend.refused(foreign) == (foreign,)


def test_use_is_written_down(backend: Backend) -> None:
    """For a key that was never used and for one that was."""
    key = added(backend, last_used_at=None)
    backend.api_keys.touch(key.digest, LATER)
    backend.api_keys.touch(key.digest, LATER + timedelta(hours=1))

    assert backend.api_keys.get(key.digest) == replace(key, last_used_at=LATER + timedelta(hours=1))


def test_use_does_not_bring_a_deleted_key_back(backend: Backend) -> None:
    """A request that was under way when its key was deleted leaves nothing behind."""
    key = added(backend)
    backend.commit(api_keys.Remove(key.digest, key.user_id))
    before = backend.contents()
    backend.api_keys.touch(key.digest, LATER)

    assert backend.contents() == before


def test_the_keys_of_an_account_are_listed(backend: Backend) -> None:
    """All of them, whole, and nobody else's."""
    mine = added(backend)
    also_mine = added(backend, user_id=mine.user_id, last_used_at=None)
    added(backend)

    listed = backend.api_keys.of_user(mine.user_id)

    assert sorted(listed, key=lambda k: k.digest) == sorted([mine, also_mine], key=lambda k: k.digest)


def test_an_account_without_keys_lists_none(backend: Backend) -> None:
    """An empty list, not an error."""
    assert backend.api_keys.of_user("nobody") == []
