"""The contract of identity stores."""

from collections.abc import Callable
from copy import replace
from datetime import timedelta
from functools import partial

import pytest

from accounts.model import identities
from accounts.model.identities import Identity
from accounts.transactions import Change
from tests.contract.backends import Backend
from tests.contract.samples import LATER, NOW, an_identity

CLAIMS = pytest.mark.parametrize("kind", [identities.Signup, identities.Claim])


def sign_up(backend: Backend, **fields: object) -> Identity:
    identity: Identity = an_identity(**fields)
    backend.commit(identities.Signup(identity))
    return identity


def test_a_sign_up_is_read_with_every_field(backend: Backend) -> None:
    identity = sign_up(backend, disabled=True)

    assert backend.identities.get(identity.key) == identity


def test_an_identity_without_optional_fields_is_read_with_every_field(backend: Backend) -> None:
    """A missing password reads as None, not as empty text."""
    absent = ("password_hash", "pending_token", "confirming_browser", "expires_at", "undeliverable")
    nothing = {"name": "", **dict.fromkeys(absent)}
    identity = sign_up(backend, **nothing, verified=True)

    assert backend.identities.get(identity.key) == identity


def test_an_unknown_identity_reads_as_none(backend: Backend) -> None:
    assert backend.identities.get("email#nobody@example.com") is None


@CLAIMS
def test_a_claim_replaces_an_unconfirmed_identity(
    backend: Backend, kind: type[identities.Signup | identities.Claim]
) -> None:
    """Nothing of the older one is left: not its password, its link or its version."""
    older = sign_up(backend)
    backend.commit(identities.Replace(older))
    newer: Identity = an_identity(
        key=older.key, password_hash=None, pending_token=None, confirming_browser=None, expires_at=None, version=5
    )
    backend.commit(kind(newer))

    assert backend.identities.get(older.key) == replace(newer, version=0)


@CLAIMS
def test_a_verified_identity_cannot_be_claimed(
    backend: Backend, kind: type[identities.Signup | identities.Claim]
) -> None:
    owner = sign_up(backend, verified=True)
    stranger = kind(an_identity(key=owner.key, verified=True))

    assert backend.refused(stranger) == (stranger,)


def test_replacing_an_identity_writes_every_field_and_raises_its_version(backend: Backend) -> None:
    read = sign_up(backend)
    changed = replace(read, name="", password_hash=None, verified=True, pending_token=None, expires_at=None)
    changed = replace(changed, confirming_browser=None)
    backend.commit(identities.Replace(changed))

    assert backend.identities.get(read.key) == replace(changed, version=1)


def test_of_two_callers_that_read_the_same_version_one_replaces_it(backend: Backend) -> None:
    """The other gets a Conflict, so that no change is lost."""
    read = sign_up(backend)
    backend.commit(identities.Replace(replace(read, password_hash="first")))
    second = identities.Replace(replace(read, password_hash="second"))

    assert backend.refused(second) == (second,)


def test_a_newer_sign_up_is_not_replaced_by_a_change_of_the_older(backend: Backend) -> None:
    """Both have version 0 but different account ids."""
    older = sign_up(backend)
    backend.commit(identities.Signup(an_identity(key=older.key)))
    late = identities.Replace(replace(older, verified=True))

    assert backend.refused(late) == (late,)


def test_replacing_a_removed_identity_does_not_recreate_it(backend: Backend) -> None:
    late = identities.Replace(an_identity())

    assert backend.refused(late) == (late,)


def test_an_identity_is_removed_once(backend: Backend) -> None:
    identity = sign_up(backend)
    remove = identities.Remove(identity.key, identity.user_id)
    backend.commit(remove)

    assert backend.identities.get(identity.key) is None
    assert backend.refused(remove) == (remove,)


def test_disabling_login_changes_only_that_and_the_version(backend: Backend) -> None:
    identity = sign_up(backend, verified=True)
    backend.commit(identities.DisableLogin(identity.key, identity.user_id))

    assert backend.identities.get(identity.key) == replace(identity, disabled=True, version=1)


def test_enabling_login_changes_only_that_and_the_version(backend: Backend) -> None:
    identity = sign_up(backend, verified=True, disabled=True)
    backend.commit(identities.EnableLogin(identity.key, identity.user_id))

    assert backend.identities.get(identity.key) == replace(identity, disabled=False, version=1)


def test_renaming_an_identity_changes_only_its_name_and_version(backend: Backend) -> None:
    """A name may be empty."""
    identity = sign_up(backend, verified=True)
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
def test_an_identity_of_another_account_is_not_removed_disabled_or_renamed(
    backend: Backend, kind: Callable[[str, str], Change]
) -> None:
    """Nor one that does not exist."""
    identity = sign_up(backend)
    foreign = kind(identity.key, "another account")
    absent = kind("email#nobody@example.com", identity.user_id)

    assert [backend.refused(foreign), backend.refused(absent)] == [(foreign,), (absent,)]


def test_a_confirmed_identity_has_no_expiry(backend: Backend) -> None:
    """The attribute is removed from the table, so that TTL does not delete the item."""
    identity = sign_up(backend)
    confirmed = replace(identity, verified=True, expires_at=None)
    backend.commit(identities.Replace(confirmed))
    stored = backend.identities.get(identity.key)

    assert stored == replace(confirmed, version=1)
    assert stored.expires_at is None


def test_a_claimed_identity_is_read_with_every_field(backend: Backend) -> None:
    """An identity that a provider verified is valid at once."""
    identity: Identity = an_identity(key="google#1234567890", verified=True, password_hash=None, expires_at=None)
    backend.commit(identities.Claim(identity))

    assert backend.identities.get(identity.key) == identity


def test_a_change_can_require_a_verified_identity(backend: Backend) -> None:
    """The check does not write to the identity."""
    owner, other = sign_up(backend, verified=True), an_identity()
    backend.commit(identities.StillVerified(owner.key, owner.user_id), identities.Signup(other))

    assert [backend.identities.get(owner.key), backend.identities.get(other.key)] == [owner, other]


def test_a_change_can_require_that_an_identity_was_not_secured_since(backend: Backend) -> None:
    """Not at the same moment either, and always for one that was never secured."""
    never, secured = (sign_up(backend, verified=True, secured_at=moment) for moment in (None, NOW))
    asked_at = NOW + timedelta(microseconds=1)
    for owner in (never, secured):
        backend.commit(identities.StillVerified(owner.key, owner.user_id, asked_at), identities.Signup(an_identity()))
    late = [identities.StillVerified(secured.key, secured.user_id, asked) for asked in (NOW, NOW - timedelta(days=1))]

    assert [backend.refused(identities.Signup(an_identity()), change) for change in late] == [(it,) for it in late]


def test_an_unverified_foreign_or_removed_identity_fails_the_requirement(backend: Backend) -> None:
    """Nothing else of the transaction is written."""
    waiting, owner = sign_up(backend), sign_up(backend, verified=True)
    unverified = identities.StillVerified(waiting.key, waiting.user_id)
    foreign = identities.StillVerified(owner.key, "another account")
    gone = identities.StillVerified("email#nobody@example.com", owner.user_id)
    refused = [backend.refused(identities.Signup(an_identity()), change) for change in (unverified, foreign, gone)]

    assert refused == [(unverified,), (foreign,), (gone,)]


def test_a_vacated_identity_can_be_claimed_by_another_account(backend: Backend) -> None:
    read = sign_up(backend, verified=True)
    backend.commit(identities.RemoveUnchanged(read))
    backend.commit(identities.Claim(replace(read, user_id="another account")))

    assert backend.identities.get(read.key) == replace(read, user_id="another account")


def test_a_changed_or_removed_identity_is_not_vacated(backend: Backend) -> None:
    """Nothing else of the transaction is written."""
    changed, removed = sign_up(backend, verified=True), sign_up(backend)
    backend.commit(
        identities.DisableLogin(changed.key, changed.user_id), identities.Remove(removed.key, removed.user_id)
    )
    late = [identities.RemoveUnchanged(read) for read in (changed, removed)]

    assert [backend.refused(identities.Signup(an_identity()), change) for change in late] == [(one,) for one in late]
    assert backend.identities.get(changed.key) == replace(changed, disabled=True, version=1)
