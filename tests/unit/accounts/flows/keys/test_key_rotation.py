"""Rotation: a new secret under the same key, and an old one that works for some days or ends at once."""

from collections.abc import Callable
from copy import replace

import pytest

from accounts import secrets
from accounts.errors import (
    ApiKeyExpired,
    ApiKeyReplaced,
    ApiKeyUnknown,
    CredentialNotAccepted,
    InvalidInput,
    KeyLimitReached,
    KeyNotRotatable,
    NotFound,
    ReauthenticationRequired,
    TooManyAttempts,
    Unauthenticated,
)
from accounts.flows.keys.key_management import NewKey
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import API_KEYS_CREATED_PER_ACCOUNT_PER_DAY, API_KEYS_PER_ACCOUNT, KEY_SECRETS_PER_ACCOUNT
from accounts.model import messages, user_agents
from accounts.model.api_keys import Edit
from accounts.model.audit import Caller, Record
from accounts.model.key_secrets import Listed
from accounts.model.leak_reports import Leak
from tests.unit.accounts.stage import (
    NO_KEY,
    NOW,
    OWNER,
    Interleaved,
    Service,
    cookie,
    counted,
    key_credential,
    later,
    operator_request,
)

SPARE = KEY_SECRETS_PER_ACCOUNT - API_KEYS_PER_ACCOUNT


def rotate(service: Service, logged_in: LoggedIn, key: NewKey, days: int = 7) -> NewKey:
    new: NewKey = service.key_rotation.rotate(cookie(logged_in), key.api_key.id, days, OWNER, NOW)
    return new


def works(service: Service, key: NewKey, **after: int) -> bool:
    try:
        service.key_lookup.live(key.plaintext, OWNER, later(**after))
    except (ApiKeyUnknown, ApiKeyReplaced, ApiKeyExpired):
        return False
    return True


def listed(service: Service, logged_in: LoggedIn, **after: int) -> list[Listed]:
    at = later(**after)
    return service.key_list.of_account(cookie(service.log_in(at)) if after else cookie(logged_in), at)


def held(service: Service, logged_in: LoggedIn) -> frozenset[str]:
    return service.world.users[logged_in.session.user_id].api_keys


def test_both_secrets_work_until_the_overlap_ends(service: Service) -> None:
    """KX-01. One key with the same id, name and expiry date; recorded and emailed."""
    logged_in = service.person()
    old = service.key(logged_in, expires_at="2027-01-01T00:00:00Z")
    user_id, key_id = logged_in.session.user_id, old.api_key.digest
    service.world.records.clear()
    service.outbox.messages.clear()

    new = rotate(service, logged_in, old)

    ends = later(days=7)
    digest = secrets.digest(new.plaintext)
    now = replace(old.api_key, digest=digest, key_prefix=new.plaintext[:16], key_id=key_id, rotated_at=NOW)
    then = replace(old.api_key, ends_at=ends, due_at=None)
    assert service.world.api_keys == {key_id: then, digest: now}
    assert held(service, logged_in) == {key_id, f"{digest}#{key_id}"}
    assert listed(service, logged_in) == [Listed(now, then)] == [new.listed]
    about = {"hint": f"{new.plaintext[:16]}…", **user_agents.place(OWNER, NOW)}
    assert service.outbox.messages == [messages.ApiKeyRotated(user_id, "laptop", ends.isoformat(), **about)]
    (record,) = service.world.records
    detail = {"api_key": key_id, "name": "laptop"}
    assert record == Record(user_id, "authn_token_rotated", NOW, OWNER, detail, record.serial)
    assert new.plaintext not in f"{service.world}{service.outbox}{new}"
    almost = {"days": 7, "microseconds": -1}
    assert (works(service, old, **almost), works(service, new, **almost)) == (True, True)
    assert (works(service, old, days=7), works(service, new, days=7)) == (False, True)
    assert listed(service, logged_in, days=7) == [Listed(service.world.api_keys[digest])]


def test_an_old_secret_says_that_it_was_replaced(service: Service) -> None:
    """Not that the key expired, which works."""
    logged_in = service.person()
    old = service.key(logged_in)
    rotate(service, logged_in, old, 1)
    with pytest.raises(ApiKeyReplaced):
        service.key_lookup.live(old.plaintext, OWNER, later(days=1))


def test_without_overlap_the_old_secret_ends_at_once(service: Service) -> None:
    logged_in = service.person()
    old = service.key(logged_in)

    new = rotate(service, logged_in, old, 0)

    assert (works(service, old), works(service, new)) == (False, True)
    assert list(service.world.api_keys) == [new.api_key.digest]
    assert held(service, logged_in) == {new.api_key.held_as}
    assert new.listed == Listed(new.api_key)
    about = {"hint": f"{new.plaintext[:16]}…", **user_agents.place(OWNER, NOW)}
    assert service.outbox.messages[-1] == messages.ApiKeyRotated(logged_in.session.user_id, "laptop", "", **about)


def test_each_secret_has_its_own_last_use(service: Service) -> None:
    """The owner sees which of the two is still used, when and from where."""
    logged_in = service.person()
    old = service.key(logged_in)
    service.key_lookup.live(old.plaintext, Caller("192.0.2.1", "before"), NOW)
    new = rotate(service, logged_in, old)
    service.key_lookup.live(old.plaintext, Caller("192.0.2.1", "old"), later(minutes=10))
    service.key_lookup.live(new.plaintext, Caller("192.0.2.2", "new"), later(minutes=20))

    (entry,) = listed(service, logged_in, minutes=30)

    assert entry.old is not None
    uses = [(it.last_used_at, it.last_used_source, it.last_used_agent) for it in (entry.key, entry.old)]
    assert uses == [(later(minutes=20), "192.0.2.2", "new"), (later(minutes=10), "192.0.2.1", "old")]


@pytest.mark.parametrize("days", [-1, 8])
def test_the_overlap_has_limits(service: Service, days: int) -> None:
    """Refused before anything is counted."""
    logged_in = service.person()
    key = service.key(logged_in)
    service.world.counters.clear()
    with pytest.raises(InvalidInput) as refusal:
        rotate(service, logged_in, key, days)

    assert (refusal.value.message, counted(service)) == ("Choose 0 to 7 days.", {})
    assert list(service.world.api_keys) == [key.api_key.digest]


def test_a_key_whose_old_secret_works_is_not_rotated_again(service: Service) -> None:
    """A machine that still has the old one would stop; unless everything should end at once."""
    logged_in = service.person()
    first = service.key(logged_in)
    second = rotate(service, logged_in, first)
    with pytest.raises(KeyNotRotatable, match="still works"):
        rotate(service, logged_in, first, 1)
    assert (works(service, first), works(service, second)) == (True, True)

    third = rotate(service, logged_in, first, 0)

    assert [works(service, it) for it in (first, second, third)] == [False, False, True]
    assert third.api_key.id == first.api_key.digest
    assert held(service, logged_in) == {third.api_key.held_as}


def test_a_key_is_rotated_again_after_the_old_secret_ended(service: Service) -> None:
    """What is left of the old one goes."""
    logged_in = service.person()
    first = service.key(logged_in)
    second = rotate(service, logged_in, first, 1)
    again, at = cookie(service.log_in(later(days=1))), later(days=1)
    third = service.key_rotation.rotate(again, first.api_key.id, 7, OWNER, at)

    assert [works(service, it, days=1) for it in (first, second, third)] == [False, True, True]
    assert held(service, logged_in) == {second.api_key.held_as, third.api_key.held_as}


def test_an_expired_key_is_not_rotated(service: Service) -> None:
    """Its owner chose the date: a rotation does not bring it back."""
    logged_in = service.person()
    key = service.key(logged_in, expires_at="2026-03-01T12:05:00Z")
    service.world.records.clear()
    with pytest.raises(KeyNotRotatable, match="has expired"):
        service.key_rotation.rotate(cookie(logged_in), key.api_key.id, 7, OWNER, later(minutes=5))

    assert (list(service.world.api_keys), service.world.records) == ([key.api_key.digest], [])


def test_the_old_secret_ends_with_its_key_at_the_latest(service: Service) -> None:
    logged_in = service.person()
    key = service.key(logged_in, expires_at="2026-03-01T12:05:00Z")
    new = rotate(service, logged_in, key)
    assert (works(service, key, minutes=5), works(service, new, minutes=5)) == (False, False)


@pytest.mark.parametrize("key_id", ["", "Z" * 64, NO_KEY, "another account's", "the new secret's"])
def test_only_a_key_of_the_account_is_rotated(service: Service, key_id: str) -> None:
    """By its id, which is never that of another secret (AK-06, EN-08)."""
    other = service.key(service.person("other@example.com"))
    logged_in = service.person()
    new = rotate(service, logged_in, service.key(logged_in), 0)
    wanted = {"another account's": other.api_key.digest, "the new secret's": new.api_key.digest}.get(key_id, key_id)
    before = dict(service.world.api_keys)
    for act in (
        lambda: service.key_rotation.rotate(cookie(logged_in), wanted, 0, OWNER, NOW),
        lambda: service.key_rotation.end_old(cookie(logged_in), wanted, OWNER, NOW),
        lambda: service.key_description.change(cookie(logged_in), wanted, Edit("mine"), OWNER, NOW),
        lambda: service.key_deletion.delete(cookie(logged_in), wanted, OWNER, NOW),
    ):
        with pytest.raises(NotFound):
            act()

    assert service.world.api_keys == before


def test_rotating_needs_a_recent_login_and_never_a_key(service: Service) -> None:
    logged_in = service.person()
    key = service.key(logged_in)
    at = later(minutes=15, seconds=1)
    with pytest.raises(ReauthenticationRequired):
        service.key_rotation.rotate(cookie(logged_in), key.api_key.id, 0, OWNER, at)
    with pytest.raises(CredentialNotAccepted):
        service.key_rotation.rotate(key_credential(key.plaintext), key.api_key.id, 0, OWNER, NOW)
    with pytest.raises(CredentialNotAccepted):
        service.key_rotation.end_old(key_credential(key.plaintext), key.api_key.id, OWNER, NOW)

    assert list(service.world.api_keys) == [key.api_key.digest]


def test_rotations_count_as_created_keys(service: Service) -> None:
    """Both write a record."""
    logged_in = service.person()
    key = service.key(logged_in)
    for _ in range(API_KEYS_CREATED_PER_ACCOUNT_PER_DAY - 1):
        rotate(service, logged_in, key, 0)
    with pytest.raises(TooManyAttempts):
        rotate(service, logged_in, key, 0)


def test_the_old_secret_ends_at_a_click(service: Service) -> None:
    """An older login is enough. Recorded; the place is free."""
    logged_in = service.person()
    old = service.key(logged_in)
    new = rotate(service, logged_in, old)
    service.world.records.clear()

    at = later(minutes=30)
    service.key_rotation.end_old(cookie(logged_in), old.api_key.id, OWNER, at)

    assert (works(service, old), works(service, new)) == (False, True)
    assert held(service, logged_in) == {new.api_key.held_as}
    (record,) = service.world.records
    assert (record.event, record.detail) == ("authn_token_ended", {"api_key": old.api_key.id, "name": "laptop"})
    with pytest.raises(NotFound):
        service.key_rotation.end_old(cookie(logged_in), old.api_key.id, OWNER, at)


def test_both_secrets_get_a_new_name(service: Service) -> None:
    """Verification returns the name with each of them."""
    logged_in = service.person()
    old = service.key(logged_in)
    new = rotate(service, logged_in, old)

    service.key_description.change(cookie(logged_in), old.api_key.id, Edit("box", "upstairs"), OWNER, NOW)

    for plaintext in (old.plaintext, new.plaintext):
        key = service.key_lookup.live(plaintext, OWNER, NOW)
        assert (key.name, key.description) == ("box", "upstairs")


ENDINGS: dict[str, Callable[[Service, LoggedIn, NewKey, NewKey], object]] = {
    "deleted": lambda it, who, old, _: it.key_deletion.delete(cookie(who), old.api_key.id, OWNER, NOW),
    "old secret reported": lambda it, _, old, _new: it.leaked_keys.revoke([_leak(old)], NOW),
    "new secret reported": lambda it, _, _old, new: it.leaked_keys.revoke([_leak(new)], NOW),
    "revoked": lambda it, who, old, _: it.key_revocation.revoke(
        operator_request(who.session.user_id), old.api_key.id, NOW
    ),
    "leaked to an operator": lambda it, who, _, new: it.key_revocation.revoke_leaked(
        operator_request(who.session.user_id), _leak(new), NOW
    ),
    "disabled": lambda it, who, *_: it.account_disabling.disable(operator_request(who.session.user_id), NOW),
    "closed": lambda it, who, *_: it.account_closing.close(cookie(who), OWNER, NOW),
    "removed": lambda it, who, *_: it.account_removal.remove(operator_request(who.session.user_id), NOW),
}


def _leak(key: NewKey) -> Leak:
    return Leak(secrets.digest(key.plaintext), "https://github.com/o/r", "commit")


@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_ends_a_key_ends_both_secrets(service: Service, ending: str) -> None:
    """One email and one record about the key, under its id (KX-01)."""
    logged_in = service.person()
    old = service.key(logged_in)
    new = rotate(service, logged_in, old)
    service.world.records.clear()
    service.outbox.messages.clear()

    ENDINGS[ending](service, logged_in, old, new)

    assert (works(service, old), works(service, new), service.world.api_keys) == (False, False, {})
    assert len(service.world.records) == 1
    assert service.world.records[0].detail.get("api_key", old.api_key.id) == old.api_key.id
    assert len(service.outbox.messages) == (0 if ending in {"disabled", "closed", "removed"} else 1)


def test_a_reported_secret_that_has_ended_leaves_its_key_alone(service: Service) -> None:
    """It can harm no one."""
    logged_in = service.person()
    old = service.key(logged_in)
    new = rotate(service, logged_in, old, 1)
    service.leaked_keys.revoke([_leak(old)], later(days=1))

    assert works(service, new, days=1)


def test_old_secrets_do_not_count_as_keys(service: Service) -> None:
    """An account with 24 keys, two of them with an old secret, takes a 25th."""
    logged_in = service.person()
    keys = [service.key(logged_in, f"{number}") for number in range(API_KEYS_PER_ACCOUNT - 1)]
    for key in keys[:SPARE]:
        rotate(service, logged_in, key)
    service.key(logged_in)
    with pytest.raises(KeyLimitReached, match="25 API keys"):
        service.key(logged_in)

    assert len(held(service, logged_in)) == KEY_SECRETS_PER_ACCOUNT


def test_an_account_has_few_places_for_old_secrets(service: Service) -> None:
    """So that one transaction deletes it: a full one has two. At once is always possible; an end frees a place."""
    logged_in = service.person()
    keys = [service.key(logged_in, f"{number}") for number in range(API_KEYS_PER_ACCOUNT)]
    for key in keys[:SPARE]:
        rotate(service, logged_in, key)
    with pytest.raises(KeyNotRotatable, match="Too many of your keys"):
        rotate(service, logged_in, keys[SPARE])
    assert works(service, keys[SPARE])
    rotate(service, logged_in, keys[SPARE], 0)
    service.key_rotation.end_old(cookie(logged_in), keys[0].api_key.id, OWNER, NOW)

    rotate(service, logged_in, keys[SPARE])

    assert len(held(service, logged_in)) == KEY_SECRETS_PER_ACCOUNT


def test_old_secrets_that_ended_give_up_their_places(service: Service) -> None:
    """For a rotation, and for a new key."""
    logged_in = service.person()
    keys = [service.key(logged_in, f"{number}") for number in range(API_KEYS_PER_ACCOUNT)]
    for key in keys[:SPARE]:
        rotate(service, logged_in, key, 1)
    again, at = cookie(service.log_in(later(days=1))), later(days=1)

    service.key_rotation.rotate(again, keys[SPARE].api_key.id, 7, OWNER, at)

    assert len(held(service, logged_in)) == API_KEYS_PER_ACCOUNT + 1
    assert {digest for digest, key in service.world.api_keys.items() if not key.is_live(at)} == set()


def test_an_account_without_a_place_takes_no_new_key(service: Service) -> None:
    """24 keys of which three have an old secret."""
    logged_in = service.person()
    keys = [service.key(logged_in, f"{number}") for number in range(API_KEYS_PER_ACCOUNT - 1)]
    for key in keys[: SPARE + 1]:
        rotate(service, logged_in, key)
    with pytest.raises(KeyLimitReached, match="old secret"):
        service.key(logged_in)

    assert len(held(service, logged_in)) == KEY_SECRETS_PER_ACCOUNT


def test_a_rename_during_a_rotation_is_not_lost(service: Service) -> None:
    """The new secret has what the key had when it was written."""
    logged_in = service.person()
    key = service.key(logged_in)
    rival = Service(service.world)
    service.interposed = Interleaved(
        service.world, lambda: rival.key_description.change(cookie(logged_in), key.api_key.id, Edit("box"), OWNER, NOW)
    )
    new = rotate(service, logged_in, key)

    assert (new.api_key.name, works(service, key)) == ("box", True)


@pytest.mark.parametrize("end", ["deleted", "logged out"])
def test_a_rotation_does_not_restore_a_key_that_ends_concurrently(service: Service, end: str) -> None:
    logged_in = service.person()
    key = service.key(logged_in)
    rival = Service(service.world)

    def act() -> None:
        if end == "deleted":
            rival.key_deletion.delete(cookie(logged_in), key.api_key.id, OWNER, NOW)
        else:
            rival.logout.here(cookie(logged_in), OWNER, NOW)

    service.outbox.messages.clear()
    service.interposed = Interleaved(service.world, act)
    with pytest.raises(NotFound if end == "deleted" else Unauthenticated):
        rotate(service, logged_in, key)

    assert len(service.world.api_keys) == (0 if end == "deleted" else 1)
    assert not [it for it in service.outbox.messages if isinstance(it, messages.ApiKeyRotated)]


def test_the_list_of_a_lagging_index_has_the_key(service: Service) -> None:
    """It may not know the new secret yet."""
    logged_in = service.person()
    key = service.key(logged_in)
    new = rotate(service, logged_in, key)
    del service.world.api_keys[new.api_key.digest]
    (entry,) = listed(service, logged_in)
    assert (entry.key.id, entry.old) == (key.api_key.id, None)
