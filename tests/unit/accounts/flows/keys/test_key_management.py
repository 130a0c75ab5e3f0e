"""API keys: created with a recent login, listed and deleted; never with a key."""

from copy import replace

import pytest

from accounts import secrets
from accounts.errors import (
    ApiKeyUnknown,
    CredentialNotAccepted,
    InvalidInput,
    KeyLimitReached,
    NotFound,
    ReauthenticationRequired,
    Unauthenticated,
)
from accounts.flows.people.authentication import SESSION, Credential
from accounts.model import messages, user_agents
from accounts.model.api_keys import ApiKey, Details, Edit
from accounts.model.audit import Record
from tests.unit.accounts.stage import (
    NO_KEY,
    NOW,
    OWNER,
    Interleaved,
    Service,
    cookie,
    key_credential,
    later,
    operator_request,
)


def test_creating_a_key_emails_the_owner(service: Service) -> None:
    """Stored as a hash, held by the account, recorded, emailed (AK-01, AK-02, TK-11)."""
    logged_in = service.person()
    user_id = logged_in.session.user_id

    new = service.key_creation.create(cookie(logged_in), Details(" laptop ", "for tests"), OWNER, NOW)

    digest = secrets.digest(new.plaintext)
    key = ApiKey(digest, user_id, "laptop", "for tests", new.plaintext[:16], NOW)
    assert (new.api_key, service.world.api_keys) == (key, {digest: key})
    assert service.world.users[user_id].api_keys == frozenset({digest})
    about = {"hint": f"{new.plaintext[:16]}…", **user_agents.place(OWNER, NOW)}
    assert service.outbox.messages == [messages.ApiKeyCreated(user_id, "laptop", **about)]
    (record,) = service.world.records
    detail = {"api_key": digest, "name": "laptop"}
    assert record == Record(user_id, "authn_token_created", NOW, OWNER, detail, record.serial)


def test_a_new_key_is_not_in_anything_that_is_stored(service: Service) -> None:
    """Nor in its printed form, which could end up in a traceback."""
    new = service.key(service.person())

    assert new.plaintext not in f"{service.world}{service.outbox}{new}"
    assert repr(new) == f"NewKey(key_prefix={new.plaintext[:16]!r})"


def test_creating_a_key_needs_a_login_of_the_last_15_minutes(service: Service) -> None:
    """However recently the session was used (SE-12)."""
    logged_in = service.person()
    service.session(cookie(logged_in), later(minutes=14))

    assert service.key(logged_in, now=later(minutes=15)).plaintext
    with pytest.raises(ReauthenticationRequired):
        service.key(logged_in, now=later(minutes=15, seconds=1))
    assert len(service.world.api_keys) == 1


@pytest.mark.parametrize("name", ["", "  ", "n" * 65, "a\nb", "a\u202eb"])
def test_a_key_needs_a_valid_name(service: Service, name: str) -> None:
    """Refused with nothing written and no email (AK-13)."""
    logged_in = service.person()
    with pytest.raises(InvalidInput):
        service.key_creation.create(cookie(logged_in), Details(name), OWNER, NOW)

    assert (service.world.api_keys, service.world.records, service.outbox.messages) == ({}, [], [])


def test_an_account_holds_at_most_25_keys(service: Service) -> None:
    """The 26th is refused until one is deleted (AK-08)."""
    logged_in = service.person()
    keys = [service.key(logged_in, f"key {number}") for number in range(25)]
    with pytest.raises(KeyLimitReached):
        service.key(logged_in)
    service.key_deletion.delete(cookie(logged_in), keys[0].api_key.digest, OWNER, NOW)

    assert service.key(logged_in).api_key.name == "laptop"
    assert len(service.world.api_keys) == 25


def test_expired_keys_do_not_count(service: Service) -> None:
    """A full account drops them when their places are needed; one that the sweep has deleted is dropped, too."""
    logged_in = service.person()
    user_id = logged_in.session.user_id
    short = [service.key(logged_in, f"short {n}", expires_at="2026-03-01T12:05:00Z").api_key.digest for n in range(3)]
    lasting = {service.key(logged_in, f"key {number}").api_key.digest for number in range(22)}
    with pytest.raises(KeyLimitReached):
        service.key(logged_in, now=later(minutes=5, seconds=-1))
    del service.world.api_keys[short[0]]

    new = service.key(logged_in, now=later(minutes=5)).api_key.digest

    assert service.world.users[user_id].api_keys == lasting | {new} == service.world.api_keys.keys()
    recorded = [it for it in service.world.records if it.event == "authn_token_expired"]
    assert sorted((it.detail["name"], it.at) for it in recorded) == [(f"short {n}", later(minutes=5)) for n in (1, 2)]


def test_an_expiry_that_is_recorded_is_not_recorded_again_for_its_place(service: Service) -> None:
    logged_in = service.person()
    service.key(logged_in, "short", expires_at="2026-03-01T12:05:00Z")
    for number in range(24):
        service.key(logged_in, f"key {number}")
    service.key_expiry.run(later(minutes=5))
    service.key(logged_in, now=later(minutes=5))

    assert sum(it.event == "authn_token_expired" for it in service.world.records) == 1


def test_an_invalid_expiry_date_writes_nothing(service: Service) -> None:
    """No email, and no use of the daily limit."""
    logged_in = service.person()
    service.world.counters.clear()
    with pytest.raises(InvalidInput):
        service.key(logged_in, expires_at="2026-03-01T12:00:00Z")

    assert (service.world.api_keys, service.world.records, service.outbox.messages) == ({}, [], [])
    assert service.world.counters == {}


def test_the_last_place_goes_to_one_of_two_concurrent_creations(service: Service) -> None:
    """The write counts the keys: never 26."""
    logged_in = service.person()
    for number in range(24):
        service.key(logged_in, f"key {number}")
    rival = Service(service.world)
    service.interposed = Interleaved(service.world, lambda: rival.key(logged_in, "the rival's"))
    service.outbox.messages.clear()
    with pytest.raises(KeyLimitReached):
        service.key(logged_in)

    assert (len(service.world.api_keys), service.outbox.messages) == (25, [])


@pytest.mark.parametrize("end", ["disabled", "closed"])
def test_an_account_that_ends_during_creation_is_not_reported_as_full(service: Service, end: str) -> None:
    """The session has ended: deleting keys would not help, and no key is created."""
    logged_in = service.person()
    rival = Service(service.world)

    def end_account() -> None:
        if end == "disabled":
            rival.account_disabling.disable(operator_request(logged_in.session.user_id), NOW)
        else:
            rival.account_closing.close(cookie(logged_in), OWNER, NOW)

    service.interposed = Interleaved(service.world, end_account)
    with pytest.raises(Unauthenticated):
        service.key(logged_in)

    assert (service.world.api_keys, service.outbox.messages) == ({}, [])


def test_keys_are_listed_newest_first_and_only_the_owners(service: Service) -> None:
    other = service.person("other@example.com")
    service.key(other)
    logged_in = service.person()
    older, newer = service.key(logged_in, "a"), service.key(logged_in, "b", later(minutes=1))

    assert service.key_list.of_account(cookie(logged_in), later(minutes=20)) == [newer.listed, older.listed]


def test_a_key_is_renamed_and_described(service: Service) -> None:
    """Each alone or both, normalized. An older login is enough. Recorded, not emailed."""
    logged_in = service.person()
    key = service.key(logged_in).api_key
    service.world.records.clear()
    service.outbox.messages.clear()

    at = later(minutes=30)
    service.key_description.change(cookie(logged_in), key.digest, Edit(" box  2 "), OWNER, at)
    assert service.world.api_keys == {key.digest: replace(key, name="box 2")}
    service.key_description.change(cookie(logged_in), key.digest, Edit(None, "upstairs"), OWNER, at)
    assert service.world.api_keys == {key.digest: replace(key, name="box 2", description="upstairs")}
    records = [(it.event, it.at, it.caller, it.detail) for it in service.world.records]
    about = {"api_key": key.digest, "name": "box 2"}
    assert records == [("authn_token_updated", at, OWNER, about)] * 2
    assert service.outbox.messages == []


@pytest.mark.parametrize(
    ("name", "description", "message"),
    [
        (None, None, "Send a name, a description, networks or scopes."),
        (" ", None, "Enter a name."),
        ("n" * 65, "fine", "The name can have at most 64 characters."),
        ("fine", "d" * 5001, "The description can have at most 5000 characters."),
    ],
)
def test_a_bad_name_or_description_changes_nothing(
    service: Service, name: str | None, description: str | None, message: str
) -> None:
    """Not even the other of the two."""
    logged_in = service.person()
    key = service.key(logged_in).api_key
    with pytest.raises(InvalidInput) as refusal:
        service.key_description.change(cookie(logged_in), key.digest, Edit(name, description), OWNER, NOW)

    assert (refusal.value.message, service.world.api_keys) == (message, {key.digest: key})


@pytest.mark.parametrize("key_id", ["", "1", NO_KEY, "Z" * 64, "another account's"])
def test_only_a_key_of_the_account_is_renamed(service: Service, key_id: str) -> None:
    """Every other id is not found (AK-06, EN-08)."""
    other = service.key(service.person("other@example.com")).api_key
    logged_in = service.person()
    wanted = other.digest if key_id.startswith("another") else key_id
    with pytest.raises(NotFound) as refusal:
        service.key_description.change(cookie(logged_in), wanted, Edit("mine"), OWNER, NOW)

    assert (refusal.value.message, service.world.api_keys) == (NotFound.default_message, {other.digest: other})


def test_a_deleted_key_fails_on_its_next_use(service: Service) -> None:
    """Recorded and emailed; an older login is enough (AK-07)."""
    logged_in = service.person()
    new = service.key(logged_in)
    service.world.records.clear()
    service.outbox.messages.clear()

    at = later(minutes=30)
    service.key_deletion.delete(cookie(logged_in), new.api_key.digest, OWNER, at)

    user_id = logged_in.session.user_id
    with pytest.raises(ApiKeyUnknown):
        service.key_lookup.live(new.plaintext, OWNER, at)
    assert (service.world.api_keys, service.world.users[user_id].api_keys) == ({}, frozenset())
    about = {"hint": new.api_key.hint, **user_agents.place(OWNER, at)}
    assert service.outbox.messages == [messages.ApiKeyDeleted(user_id, "laptop", **about)]
    (record,) = service.world.records
    detail = {"api_key": new.api_key.digest, "name": "laptop"}
    assert record == Record(user_id, "authn_token_revoked", at, OWNER, detail, record.serial)


def test_a_deleted_key_keeps_its_name_in_the_history(service: Service) -> None:
    """Also a key whose first secret, which has its id, has ended; and one that the account lists, but no table has."""
    logged_in = service.person()
    rotated, lost = service.key(logged_in, "rotated"), service.key(logged_in, "lost")
    new = service.key_rotation.rotate(cookie(logged_in), rotated.api_key.id, 0, OWNER, NOW)
    del service.world.api_keys[lost.api_key.digest]
    service.outbox.messages.clear()
    for key in (rotated, lost):
        service.key_deletion.delete(cookie(logged_in), key.api_key.id, OWNER, NOW)

    names = {it.detail["api_key"]: it.shown for it in service.world.records if it.event == "authn_token_revoked"}
    assert names == {rotated.api_key.id: {"name": "rotated"}, lost.api_key.id: {"name": ""}}
    user_id = logged_in.session.user_id
    hint, here = f"{new.plaintext[:16]}…", user_agents.place(OWNER, NOW)
    assert service.outbox.messages == [
        messages.ApiKeyDeleted(user_id, "rotated", hint=hint, **here),
        messages.ApiKeyDeleted(user_id, **here),
    ]
    assert service.world.users[user_id].api_keys == frozenset()


@pytest.mark.parametrize("key_id", ["", "1", NO_KEY, "Z" * 64, NO_KEY + "\n", "é" * 64])
def test_an_unknown_id_is_not_found(service: Service, key_id: str) -> None:
    """Whatever its form; no email is sent."""
    logged_in = service.person()
    with pytest.raises(NotFound) as refusal:
        service.key_deletion.delete(cookie(logged_in), key_id, OWNER, NOW)

    assert refusal.value.message == NotFound.default_message
    assert (service.world.records, service.outbox.messages) == ([], [])


def test_a_malformed_id_is_not_looked_up(service: Service) -> None:
    """The table is asked only for 64 hexadecimal characters."""
    logged_in = service.person()
    asked: list[str] = []
    service.interposed = Interleaved(service.world, lambda: asked.append("the table"), times=1000)
    for text in ("", "1", "Z" * 64, NO_KEY[1:], NO_KEY + "0", NO_KEY + "\n"):
        with pytest.raises(NotFound):
            service.key_deletion.delete(cookie(logged_in), text, OWNER, NOW)

    assert asked == []


def test_another_accounts_key_is_not_found_and_keeps_working(service: Service) -> None:
    """The owner is part of the write's condition (AK-06, EN-08)."""
    victims = service.key(service.person("other@example.com"))
    logged_in = service.person()
    with pytest.raises(NotFound) as refusal:
        service.key_deletion.delete(cookie(logged_in), victims.api_key.digest, OWNER, NOW)

    assert refusal.value.message == NotFound.default_message
    assert service.key_lookup.live(victims.plaintext, OWNER, NOW) == victims.api_key


def test_a_key_cannot_manage_keys(service: Service) -> None:
    """It cannot create, list, rename or delete any, including itself (AK-05)."""
    logged_in = service.person()
    new = service.key(logged_in)
    key = key_credential(new.plaintext)
    with pytest.raises(CredentialNotAccepted):
        service.key_creation.create(key, Details("another"), OWNER, NOW)
    with pytest.raises(CredentialNotAccepted):
        service.key_list.of_account(key, NOW)
    with pytest.raises(CredentialNotAccepted):
        service.key_deletion.delete(key, new.api_key.digest, OWNER, NOW)
    with pytest.raises(CredentialNotAccepted):
        service.key_description.change(key, new.api_key.digest, Edit("another"), OWNER, NOW)

    assert list(service.world.api_keys) == [new.api_key.digest]


@pytest.mark.parametrize("credential", [None, Credential(SESSION, "x" * 43)])
def test_managing_keys_needs_a_session(service: Service, credential: Credential | None) -> None:
    """Anonymous callers and ended sessions are refused (AK-04)."""
    with pytest.raises(Unauthenticated):
        service.key_creation.create(credential, Details("laptop"), OWNER, NOW)
    with pytest.raises(Unauthenticated):
        service.key_list.of_account(credential, NOW)
    with pytest.raises(Unauthenticated):
        service.key_deletion.delete(credential, NO_KEY, OWNER, NOW)

    assert service.world.api_keys == {}
