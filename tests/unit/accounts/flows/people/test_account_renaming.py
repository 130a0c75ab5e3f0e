"""Changing the account's name: in every place at once, or in none."""

from copy import replace

import pytest

from accounts.errors import CredentialNotAccepted, InvalidInput, Unauthenticated, Unavailable
from accounts.model import users
from accounts.model.audit import Record
from accounts.model.identities import Identity
from accounts.web import presenters
from tests.unit.accounts.stage import (
    NOW,
    OWNER,
    PASSWORD,
    Interleaved,
    Service,
    cookie,
    key_credential,
    later,
    operator_request,
)

AFTER = later(minutes=1)


def _google(user_id: str) -> Identity:
    return Identity("google#1", user_id, "olive@gmail.example", "O. Oyl", NOW, NOW, verified=True)


def test_the_name_changes_wherever_it_is_stored(service: Service) -> None:
    """In the account and all its identities, and in no other account; normalized and recorded."""
    logged_in = service.person()
    before = service.world.users[logged_in.session.user_id]
    google = _google(before.user_id)
    service.world.identities[google.key] = google
    service.world.user(before.user_id, identities=before.identities | {google.key})
    service.person("other@example.com")
    service.world.records.clear()

    renamed = service.account_renaming.rename(cookie(logged_in), "  Zoe\u0308 \u674e ", OWNER, AFTER)

    assert renamed == service.world.users[before.user_id]
    assert renamed == replace(
        before, name="Zo\u00eb \u674e", updated_at=AFTER, identities=renamed.identities, revision=before.revision + 2
    )
    named = {key: (entry.name, entry.updated_at) for key, entry in service.world.identities.items()}
    assert named == {
        "email#olive@example.com": ("Zo\u00eb \u674e", AFTER),
        "google#1": ("Zo\u00eb \u674e", AFTER),
        "email#other@example.com": ("Olive", NOW),
    }
    (record,) = service.world.records
    assert record == Record(before.user_id, "user_updated", AFTER, OWNER, serial=record.serial)


@pytest.mark.parametrize("name", ["Olive Branch", ""])
def test_login_and_account_return_the_same_name(service: Service, name: str) -> None:
    """Login answers from the identity to save a read."""
    renamed = service.account_renaming.rename(cookie(service.person()), name, OWNER, AFTER)
    logged_in = service.log_in(later(minutes=2))

    assert presenters.customer(renamed).name == name
    assert presenters.customer(logged_in.identity) == presenters.customer(renamed)
    shown = service.account_lookup.of(cookie(logged_in), OWNER, later(minutes=2))
    assert presenters.customer(shown) == presenters.customer(renamed)


def test_a_login_that_races_with_renaming_returns_the_new_name(service: Service) -> None:
    """Its write depends on the identity that it read, so it reads again."""
    logged_in = service.person()
    rival = Service(service.world)
    service.interposed = Interleaved(
        service.world, lambda: rival.account_renaming.rename(cookie(logged_in), "Olive Branch", OWNER, NOW)
    )

    assert service.log_in(AFTER, password=PASSWORD).identity.name == "Olive Branch"


@pytest.mark.parametrize("name", ["x" * 101, "Olive\u202e", "two\nlines", "\ud800", "zero\u200bwidth", "\0"])
def test_a_name_must_be_one_line_of_visible_text(service: Service, name: str) -> None:
    """Nothing changes."""
    logged_in = service.person()
    before = (dict(service.world.users), dict(service.world.identities))
    with pytest.raises(InvalidInput):
        service.account_renaming.rename(cookie(logged_in), name, OWNER, AFTER)

    assert (service.world.users, service.world.identities, service.world.records) == (*before, [])


def test_a_concurrent_login_is_kept(service: Service) -> None:
    """A login between read and write: the account is read again."""
    logged_in = service.person()
    rival = Service(service.world, service.hasher)
    service.interposed = Interleaved(service.world, rival.log_in, times=3)

    renamed = service.account_renaming.rename(cookie(logged_in), "Olive Branch", OWNER, AFTER)

    assert (renamed, len(renamed.sessions)) == (service.world.users[renamed.user_id], 4)


def test_an_identity_that_is_linked_concurrently_gets_the_name(service: Service) -> None:
    """Linking changed the account, so it is read again."""
    logged_in = service.person()
    google = _google(logged_in.session.user_id)

    def link() -> None:
        service.world.identities[google.key] = google
        held = service.world.users[google.user_id].identities
        service.world.user(google.user_id, identities=held | {google.key})

    service.interposed = Interleaved(service.world, link)
    service.account_renaming.rename(cookie(logged_in), "Olive Branch", OWNER, AFTER)

    assert {entry.name for entry in service.world.identities.values()} == {"Olive Branch"}


def test_an_account_that_keeps_changing_is_unavailable(service: Service) -> None:
    """Retries are limited, and the name is kept."""
    logged_in = service.person()
    rival = Service(service.world, service.hasher)
    service.interposed = Interleaved(service.world, rival.log_in, times=1000)
    with pytest.raises(Unavailable):
        service.account_renaming.rename(cookie(logged_in), "Olive Branch", OWNER, AFTER)

    assert (service.world.users[logged_in.session.user_id].name, service.identity().name) == ("Olive", "Olive")


@pytest.mark.parametrize("change", ["closed", "disabled"])
def test_an_account_that_ends_concurrently_is_not_renamed(service: Service, change: str) -> None:
    """Renaming does not recreate it."""
    logged_in = service.person()
    user_id, rival = logged_in.session.user_id, Service(service.world)

    def end() -> None:
        if change == "closed":
            rival.account_closing.close(cookie(logged_in), OWNER, NOW)
        else:
            rival.account_disabling.disable(operator_request(user_id), NOW)

    service.interposed = Interleaved(service.world, end)
    with pytest.raises(Unauthenticated):
        service.account_renaming.rename(cookie(logged_in), "Olive Branch", OWNER, AFTER)

    left = [(user.status, user.name) for user in service.world.users.values()]
    assert left == ([] if change == "closed" else [(users.DISABLED, "Olive")])


def test_renaming_needs_a_session(service: Service) -> None:
    """A key or an anonymous caller is refused."""
    key = service.key(service.person())
    with pytest.raises(CredentialNotAccepted):
        service.account_renaming.rename(key_credential(key.plaintext), "Mallory", OWNER, AFTER)
    with pytest.raises(Unauthenticated):
        service.account_renaming.rename(None, "Mallory", OWNER, AFTER)

    assert service.identity().name == "Olive"
