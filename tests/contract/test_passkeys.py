"""The contract of passkey stores, and of the accounts that list them."""

from copy import replace

import pytest

from accounts.model import held_keys, passkeys, users
from accounts.model.passkeys import Passkey, Signed
from accounts.model.users import DISABLED, User
from tests.contract.backends import Backend
from tests.contract.samples import LATER, TOMORROW, a_digest, a_passkey, a_user

SESSION, OTHER = a_digest(), a_digest()


def add(backend: Backend, **fields: object) -> Passkey:
    passkey: Passkey = a_passkey(**fields)
    backend.commit(passkeys.Add(passkey))
    return passkey


def an_account(backend: Backend, **fields: object) -> User:
    user: User = a_user(sessions={SESSION: TOMORROW, OTHER: TOMORROW}, secured_at=None, **fields)
    backend.commit(users.Open(user))
    return user


def stored(backend: Backend, user: User) -> User:
    found = backend.users.get(user.user_id)
    assert found is not None
    return found


def test_a_new_passkey_is_read_with_every_field(backend: Backend) -> None:
    passkey = add(backend, sign_count=0, backup_eligible=False, backed_up=False, last_used_at=None)

    assert backend.passkeys.get(passkey.credential_id) == passkey


def test_an_unknown_passkey_reads_as_none(backend: Backend) -> None:
    assert backend.passkeys.get("unknown") is None


def test_an_account_finds_its_passkeys(backend: Backend) -> None:
    first = add(backend)
    second = add(backend, user_id=first.user_id)
    add(backend)

    found = {it.credential_id: it for it in backend.passkeys.of_user(first.user_id)}
    assert found == {first.credential_id: first, second.credential_id: second}


def test_an_id_exists_once(backend: Backend) -> None:
    """Also in another account, and also after a rename."""
    passkey = add(backend)
    again = passkeys.Add(a_passkey(credential_id=passkey.credential_id))

    assert backend.refused(again) == (again,)


def test_a_use_changes_counter_backup_and_time(backend: Backend) -> None:
    passkey = add(backend, backed_up=False)
    backend.commit(passkeys.Use(passkey, Signed(8, backed_up=True), LATER))

    expected = replace(passkey, sign_count=8, backed_up=True, last_used_at=LATER)
    assert backend.passkeys.get(passkey.credential_id) == expected


def test_a_counter_is_used_once(backend: Backend) -> None:
    """Two logins that read the same counter: the second is refused, unless the passkey has none."""
    passkey, without = add(backend, sign_count=7), add(backend, sign_count=0)
    backend.commit(passkeys.Use(passkey, Signed(8, backed_up=True), LATER))
    again = passkeys.Use(passkey, Signed(9, backed_up=True), LATER)
    for _ in range(2):
        backend.commit(passkeys.Use(without, Signed(0, backed_up=True), LATER))

    assert backend.refused(again) == (again,)


def test_a_passkey_that_is_gone_or_another_accounts_is_not_used(backend: Backend) -> None:
    passkey = add(backend)
    moved = passkeys.Use(replace(passkey, user_id="another account"), Signed(8, backed_up=True), LATER)
    assert backend.refused(moved) == (moved,)
    backend.commit(passkeys.Remove(passkey.credential_id, passkey.user_id))
    gone = passkeys.Use(passkey, Signed(8, backed_up=True), LATER)

    assert backend.refused(gone) == (gone,)
    assert backend.passkeys.get(passkey.credential_id) is None


def test_a_passkey_is_renamed_by_its_account_only(backend: Backend) -> None:
    passkey = add(backend)
    backend.commit(passkeys.Rename(passkey.credential_id, passkey.user_id, "Phone"))
    foreign = passkeys.Rename(passkey.credential_id, "another account", "Mine")
    unknown = passkeys.Rename("unknown", passkey.user_id, "Phone")

    assert backend.refused(foreign) == (foreign,)
    assert backend.refused(unknown) == (unknown,)
    assert backend.passkeys.get(passkey.credential_id) == replace(passkey, name="Phone")


def test_a_passkey_is_removed_by_its_account_only(backend: Backend) -> None:
    """One that is gone is not a conflict: a restored table may lack it."""
    passkey = add(backend)
    foreign = passkeys.Remove(passkey.credential_id, "another account")
    assert backend.refused(foreign) == (foreign,)
    for _ in range(2):
        backend.commit(passkeys.Remove(passkey.credential_id, passkey.user_id))
        assert backend.passkeys.get(passkey.credential_id) is None


def test_an_account_lists_a_passkey(backend: Backend) -> None:
    user = an_account(backend)
    backend.commit(held_keys.AddPasskey(user.user_id, "one", 2, SESSION))
    backend.commit(held_keys.AddPasskey(user.user_id, "two", 2, SESSION))

    assert stored(backend, user) == replace(user, passkeys=frozenset({"one", "two"}), revision=2)


@pytest.mark.parametrize("why", ["full", "disabled", "without the session", "gone"])
def test_an_account_refuses_a_passkey(backend: Backend, why: str) -> None:
    user = an_account(backend, status=DISABLED if why == "disabled" else users.ACTIVE, passkeys=frozenset({"one"}))
    user_id = "nobody" if why == "gone" else user.user_id
    session = a_digest() if why == "without the session" else SESSION
    one_more = held_keys.AddPasskey(user_id, "two", 1 if why == "full" else 2, session)

    assert backend.refused(one_more) == (one_more,)


def test_dropping_passkeys_ends_other_sessions(backend: Backend) -> None:
    user = an_account(backend, passkeys=frozenset({"one", "two", "three"}))
    backend.commit(held_keys.DropPasskeys(user, frozenset({"one", "two"}), SESSION, LATER))

    left = {"passkeys": frozenset({"three"}), "sessions": {SESSION: TOMORROW}, "secured_at": LATER, "revision": 1}
    assert stored(backend, user) == replace(user, **left)


def test_the_last_passkey_is_dropped(backend: Backend) -> None:
    """DynamoDB has no empty set."""
    user = an_account(backend, passkeys=frozenset({"one"}))
    backend.commit(held_keys.DropPasskeys(user, frozenset({"one"}), SESSION, LATER))

    assert stored(backend, user).passkeys == frozenset()


def test_unlinking_drops_passkeys_too(backend: Backend) -> None:
    user = an_account(backend, passkeys=frozenset({"one", "two"}), identities=frozenset({"google#1", "email#a"}))
    backend.commit(users.Unlink(user, "google#1", SESSION, LATER, frozenset({"one"})))

    assert stored(backend, user).passkeys == {"two"}
    assert stored(backend, user).identities == {"email#a"}


def test_passkeys_of_an_account_that_changed_are_not_dropped(backend: Backend) -> None:
    user = an_account(backend, passkeys=frozenset({"one"}))
    backend.commit(held_keys.AddPasskey(user.user_id, "two", 2, SESSION))
    late = held_keys.DropPasskeys(user, frozenset({"one"}), SESSION, LATER)

    assert backend.refused(late) == (late,)
