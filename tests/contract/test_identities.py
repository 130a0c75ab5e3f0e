"""What every keeper of identities promises."""

from collections.abc import Callable
from copy import replace
from functools import partial

import pytest

from accounts.model import identities
from accounts.model.identities import Identity
from accounts.transactions import Change
from tests.contract.backends import Backend
from tests.contract.samples import LATER, NOW, an_identity

CLAIMS = pytest.mark.parametrize("kind", [identities.Signup, identities.Claim])


def signed_up(backend: Backend, **fields: object) -> Identity:
    """An identity as it is stored after a sign-up."""
    identity: Identity = an_identity(**fields)
    backend.commit(identities.Signup(identity))
    return identity


def test_a_sign_up_comes_back_whole(backend: Backend) -> None:
    """Every field survives."""
    identity = signed_up(backend, disabled=True)

    assert backend.identities.get(identity.key) == identity


def test_an_identity_without_password_link_or_expiry_comes_back_whole(backend: Backend) -> None:
    """What is not there stays not there: no empty text stands in for a missing password."""
    absent = ("password_hash", "pending_token", "confirming_browser", "expires_at", "undeliverable")
    nothing = {"name": "", **dict.fromkeys(absent)}
    identity = signed_up(backend, **nothing, verified=True)

    assert backend.identities.get(identity.key) == identity


def test_an_unknown_identity_is_none(backend: Backend) -> None:
    """Nobody is there."""
    assert backend.identities.get("email#nobody@example.com") is None


@CLAIMS
def test_a_claim_replaces_one_that_nobody_confirmed(
    backend: Backend, kind: type[identities.Signup | identities.Claim]
) -> None:
    """Nothing of the older one is left: not its password, not its link, not its count of changes."""
    older = signed_up(backend)
    backend.commit(identities.Replace(older))
    newer: Identity = an_identity(
        key=older.key, password_hash=None, pending_token=None, confirming_browser=None, expires_at=None, version=5
    )
    backend.commit(kind(newer))

    assert backend.identities.get(older.key) == replace(newer, version=0)


@CLAIMS
def test_a_verified_identity_is_not_claimed_again(
    backend: Backend, kind: type[identities.Signup | identities.Claim]
) -> None:
    """It has its owner."""
    owner = signed_up(backend, verified=True)
    stranger = kind(an_identity(key=owner.key, verified=True))

    assert backend.refused(stranger) == (stranger,)


def test_an_identity_is_replaced_as_it_was_read(backend: Backend) -> None:
    """Every field is written, and the version rises."""
    read = signed_up(backend)
    changed = replace(read, name="", password_hash=None, verified=True, pending_token=None, expires_at=None)
    changed = replace(changed, confirming_browser=None)
    backend.commit(identities.Replace(changed))

    assert backend.identities.get(read.key) == replace(changed, version=1)


def test_of_two_who_read_the_same_identity_one_replaces_it(backend: Backend) -> None:
    """The other is told, so that no change is lost."""
    read = signed_up(backend)
    backend.commit(identities.Replace(replace(read, password_hash="first")))
    second = identities.Replace(replace(read, password_hash="second"))

    assert backend.refused(second) == (second,)


def test_a_newer_sign_up_is_not_replaced_by_who_read_the_older(backend: Backend) -> None:
    """Both stand at version 0, but they are not the same person."""
    older = signed_up(backend)
    backend.commit(identities.Signup(an_identity(key=older.key)))
    late = identities.Replace(replace(older, verified=True))

    assert backend.refused(late) == (late,)


def test_an_identity_that_is_gone_is_not_replaced(backend: Backend) -> None:
    """Nothing comes back to life by a late write."""
    late = identities.Replace(an_identity())

    assert backend.refused(late) == (late,)


def test_an_identity_is_removed_once(backend: Backend) -> None:
    """After which it is unknown."""
    identity = signed_up(backend)
    remove = identities.Remove(identity.key, identity.user_id)
    backend.commit(remove)

    assert backend.identities.get(identity.key) is None
    assert backend.refused(remove) == (remove,)


def test_logging_in_with_an_identity_is_disabled(backend: Backend) -> None:
    """Only that changes, and whoever read it before notices."""
    identity = signed_up(backend, verified=True)
    backend.commit(identities.DisableLogin(identity.key, identity.user_id))

    assert backend.identities.get(identity.key) == replace(identity, disabled=True, version=1)


def test_logging_in_with_an_identity_is_enabled_again(backend: Backend) -> None:
    """Only that changes, and whoever read it before notices."""
    identity = signed_up(backend, verified=True, disabled=True)
    backend.commit(identities.EnableLogin(identity.key, identity.user_id))

    assert backend.identities.get(identity.key) == replace(identity, disabled=False, version=1)


def test_an_identity_gets_another_name(backend: Backend) -> None:
    """Only that changes, and whoever read it before notices; a name may be empty."""
    identity = signed_up(backend, verified=True)
    backend.commit(identities.Rename(identity.key, identity.user_id, "Zoë 李", LATER))
    renamed = replace(identity, name="Zoë 李", updated_at=LATER, version=1)

    assert backend.identities.get(identity.key) == renamed
    backend.commit(identities.Rename(identity.key, identity.user_id, "", NOW))
    assert backend.identities.get(identity.key) == replace(renamed, name="", updated_at=NOW, version=2)


@pytest.mark.parametrize(
    "kind",
    [
        identities.Remove,
        identities.DisableLogin,
        identities.EnableLogin,
        partial(identities.Rename, name="Mallory", now=LATER),
    ],
)
def test_nobody_elses_identity_is_removed_disabled_or_renamed(
    backend: Backend, kind: Callable[[str, str], Change]
) -> None:
    """Nor one that does not exist."""
    identity = signed_up(backend)
    foreign = kind(identity.key, "somebody else")
    absent = kind("email#nobody@example.com", identity.user_id)

    assert [backend.refused(foreign), backend.refused(absent)] == [(foreign,), (absent,)]


def test_a_confirmed_identity_is_swept_no_more(backend: Backend) -> None:
    """Its expiry is gone from the table, not merely out of use."""
    identity = signed_up(backend)
    backend.commit(identities.Replace(identities.confirmed(identity, LATER)))
    stored = backend.identities.get(identity.key)

    assert stored == replace(identities.confirmed(identity, LATER), version=1)
    assert stored.expires_at is None


def test_an_identity_is_claimed_with_every_field(backend: Backend) -> None:
    """A provider's word counts at once."""
    identity: Identity = an_identity(key="google#1234567890", verified=True, password_hash=None, expires_at=None)
    backend.commit(identities.Claim(identity))

    assert backend.identities.get(identity.key) == identity


def test_a_change_can_rest_on_a_verified_identity(backend: Backend) -> None:
    """Which stays as it is: nothing is written to it."""
    owner, other = signed_up(backend, verified=True), an_identity()
    backend.commit(identities.StillVerified(owner.key, owner.user_id), identities.Signup(other))

    assert [backend.identities.get(owner.key), backend.identities.get(other.key)] == [owner, other]


def test_nothing_rests_on_an_identity_that_is_unverified_foreign_or_gone(backend: Backend) -> None:
    """What was to be written with it is not."""
    waiting, owner = signed_up(backend), signed_up(backend, verified=True)
    unverified = identities.StillVerified(waiting.key, waiting.user_id)
    foreign = identities.StillVerified(owner.key, "somebody else")
    gone = identities.StillVerified("email#nobody@example.com", owner.user_id)
    refused = [backend.refused(identities.Signup(an_identity()), change) for change in (unverified, foreign, gone)]

    assert refused == [(unverified,), (foreign,), (gone,)]


def test_a_change_can_rest_on_an_identity_as_it_was_read(backend: Backend) -> None:
    """Which stays as it is: nothing is written to it, and the next may rest on it too."""
    read, other = signed_up(backend, version=0), an_identity()
    backend.commit(identities.Unchanged(read), identities.Signup(other))
    backend.commit(identities.Unchanged(read))

    assert [backend.identities.get(read.key), backend.identities.get(other.key)] == [read, other]


def test_nothing_rests_on_an_identity_that_changed_since_it_was_read(backend: Backend) -> None:
    """Nor on one that was signed up over, or is gone."""
    changed, replaced, removed = (signed_up(backend) for _ in range(3))
    backend.commit(
        identities.DisableLogin(changed.key, changed.user_id),
        identities.Signup(an_identity(key=replaced.key)),
        identities.Remove(removed.key, removed.user_id),
    )
    late = [identities.Unchanged(read) for read in (changed, replaced, removed)]

    assert [backend.refused(identities.Signup(an_identity()), change) for change in late] == [(one,) for one in late]


def test_an_identity_is_vacated_as_it_was_read(backend: Backend) -> None:
    """After which it is unknown, and anybody may claim it."""
    read = signed_up(backend, verified=True)
    backend.commit(identities.Vacate(read))
    backend.commit(identities.Claim(replace(read, user_id="somebody else")))

    assert backend.identities.get(read.key) == replace(read, user_id="somebody else")


def test_an_identity_that_changed_since_it_was_read_is_not_vacated(backend: Backend) -> None:
    """Nor one that is gone, and nothing that was to happen with it happens."""
    changed, removed = signed_up(backend, verified=True), signed_up(backend)
    backend.commit(
        identities.DisableLogin(changed.key, changed.user_id), identities.Remove(removed.key, removed.user_id)
    )
    late = [identities.Vacate(read) for read in (changed, removed)]

    assert [backend.refused(identities.Signup(an_identity()), change) for change in late] == [(one,) for one in late]
    assert backend.identities.get(changed.key) == replace(changed, disabled=True, version=1)
