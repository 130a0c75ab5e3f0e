"""Changing one's name: everywhere at once, so that every answer says the same, or nowhere."""

from copy import replace

import pytest

from accounts.errors import CredentialNotAccepted, InvalidInput, Unauthenticated, Unavailable
from accounts.model import users
from accounts.model.audit import Record
from accounts.model.identities import Identity
from accounts.web import presenters
from tests.unit.accounts.stage import NOW, OWNER, PASSWORD, Meanwhile, Service, cookie, key_credential, later, order

AFTER = later(minutes=1)


def _google(user_id: str) -> Identity:
    return Identity("google#1", user_id, "olive@gmail.example", "O. Oyl", NOW, NOW, verified=True)


def test_a_person_gets_another_name_wherever_it_is_kept(service: Service) -> None:
    """The account and all its ways in, nobody else's; cleaned like every text, and on record."""
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
def test_a_log_in_and_the_account_answer_alike_afterwards(service: Service, name: str) -> None:
    """A log-in is answered from the identity, to save a read."""
    renamed = service.account_renaming.rename(cookie(service.person()), name, OWNER, AFTER)
    logged_in = service.log_in(later(minutes=2))

    assert presenters.customer(renamed)["name"] == name
    assert presenters.customer(logged_in.identity) == presenters.customer(renamed)
    shown = service.account_lookup.of(cookie(logged_in), OWNER, later(minutes=2))
    assert presenters.customer(shown) == presenters.customer(renamed)


def test_a_log_in_that_meets_a_renaming_tells_the_new_name(service: Service) -> None:
    """It rests on the identity as it was read, so it reads again."""
    logged_in = service.person()
    rival = Service(service.world)
    service.interposed = Meanwhile(
        service.world, lambda: rival.account_renaming.rename(cookie(logged_in), "Olive Branch", OWNER, NOW)
    )

    assert service.log_in(AFTER, password=PASSWORD).identity.name == "Olive Branch"


@pytest.mark.parametrize("name", ["x" * 101, "Olive\u202e", "two\nlines", "\ud800", "zero\u200bwidth", "\0"])
def test_a_name_that_is_not_one_line_of_visible_text_is_refused(service: Service, name: str) -> None:
    """Nothing changes."""
    logged_in = service.person()
    before = (dict(service.world.users), dict(service.world.identities))
    with pytest.raises(InvalidInput):
        service.account_renaming.rename(cookie(logged_in), name, OWNER, AFTER)

    assert (service.world.users, service.world.identities, service.world.records) == (*before, [])


def test_what_happens_meanwhile_is_kept(service: Service) -> None:
    """A log-in between reading the account and renaming it: it is read again."""
    logged_in = service.person()
    rival = Service(service.world, service.hasher)
    service.interposed = Meanwhile(service.world, rival.log_in, times=3)

    renamed = service.account_renaming.rename(cookie(logged_in), "Olive Branch", OWNER, AFTER)

    assert (renamed, len(renamed.sessions)) == (service.world.users[renamed.user_id], 4)


def test_a_way_in_that_is_linked_meanwhile_gets_the_name_too(service: Service) -> None:
    """The account changed by it, so it is looked at again."""
    logged_in = service.person()
    google = _google(logged_in.session.user_id)

    def link() -> None:
        service.world.identities[google.key] = google
        held = service.world.users[google.user_id].identities
        service.world.user(google.user_id, identities=held | {google.key})

    service.interposed = Meanwhile(service.world, link)
    service.account_renaming.rename(cookie(logged_in), "Olive Branch", OWNER, AFTER)

    assert {entry.name for entry in service.world.identities.values()} == {"Olive Branch"}


def test_an_account_that_never_stands_still_is_unavailable(service: Service) -> None:
    """It is not tried for ever, and keeps its name."""
    logged_in = service.person()
    rival = Service(service.world, service.hasher)
    service.interposed = Meanwhile(service.world, rival.log_in, times=1000)
    with pytest.raises(Unavailable):
        service.account_renaming.rename(cookie(logged_in), "Olive Branch", OWNER, AFTER)

    assert (service.world.users[logged_in.session.user_id].name, service.identity().name) == ("Olive", "Olive")


@pytest.mark.parametrize("change", ["closed", "disabled"])
def test_an_account_that_ends_meanwhile_gets_no_name(service: Service, change: str) -> None:
    """It does not come back to life by it."""
    logged_in = service.person()
    user_id, rival = logged_in.session.user_id, Service(service.world)

    def end() -> None:
        if change == "closed":
            rival.account_closing.close(cookie(logged_in), OWNER, NOW)
        else:
            rival.account_disabling.disable(order(user_id), NOW)

    service.interposed = Meanwhile(service.world, end)
    with pytest.raises(Unauthenticated):
        service.account_renaming.rename(cookie(logged_in), "Olive Branch", OWNER, AFTER)

    left = [(user.status, user.name) for user in service.world.users.values()]
    assert left == ([] if change == "closed" else [(users.DISABLED, "Olive")])


def test_a_key_renames_nobody(service: Service) -> None:
    """Nor does nobody."""
    key = service.key(service.person())
    with pytest.raises(CredentialNotAccepted):
        service.account_renaming.rename(key_credential(key.plaintext), "Mallory", OWNER, AFTER)
    with pytest.raises(Unauthenticated):
        service.account_renaming.rename(None, "Mallory", OWNER, AFTER)

    assert service.identity().name == "Olive"
