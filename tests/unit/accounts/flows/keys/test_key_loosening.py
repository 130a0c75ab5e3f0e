"""A key that may do more than before: its owner is notified, as of a new key."""

from collections.abc import Sequence
from copy import replace

import pytest
from msgspec import UNSET, UnsetType

from accounts.errors import ReauthenticationRequired
from accounts.model import messages, user_agents
from accounts.model.api_keys import Details, Edit
from accounts.model.messages import ANY
from tests.unit.accounts.stage import NOW, OWNER, Interleaved, Service, cookie, later

Given = Sequence[str] | None
OFFICE = ("203.0.113.0/24", "2001:db8:7::/48")
JOBS = ("jobs:read", "jobs:write")
KEPT = UNSET


def notified(
    service: Service, before: tuple[Given, Given], after: tuple[Given | UnsetType, Given | UnsetType]
) -> list[tuple[str, str]]:
    """What the emails say about networks and scopes."""
    logged_in = service.person()
    details = Details("laptop", networks=before[0], scopes=before[1])
    key = service.key_creation.create(cookie(logged_in), details, OWNER, NOW).api_key
    service.outbox.messages.clear()

    edit = Edit(networks=after[0], scopes=after[1])
    service.key_description.change(cookie(logged_in), key.id, edit, OWNER, NOW)

    sent = service.outbox.messages
    found = [(it.networks, it.scopes) for it in sent if isinstance(it, messages.ApiKeyLoosened)]
    about = {"hint": key.hint, **user_agents.place(OWNER, NOW)}
    texts = (dict(zip(("networks", "scopes"), pair, strict=True)) for pair in found)
    assert sent == [messages.ApiKeyLoosened(key.user_id, "laptop", **text, **about) for text in texts]
    return found


@pytest.mark.parametrize(
    ("after", "networks"),
    [
        (None, ANY),
        (["203.0.113.0/24", "198.51.100.7"], "203.0.113.0/24, 198.51.100.7/32"),
        (["203.0.112.0/23"], "203.0.112.0/23"),
        (["0.0.0.0/0", "::/0"], "0.0.0.0/0, ::/0"),
        (["2001:db8::/32"], "2001:db8::/32"),
        (["198.51.100.7"], "198.51.100.7/32"),
    ],
)
def test_more_networks_are_emailed(service: Service, after: Given, networks: str) -> None:
    """Also others instead: an attacker who has the key and the session moves it to their own."""
    assert notified(service, (OFFICE, None), (after, KEPT)) == [(networks, "")]


@pytest.mark.parametrize(
    ("after", "scopes"),
    [(None, ANY), (["account", *JOBS], "account, jobs:read, jobs:write"), (["orders"], "orders")],
)
def test_more_scopes_are_emailed(service: Service, after: Given, scopes: str) -> None:
    assert notified(service, (None, JOBS), (KEPT, after)) == [("", scopes)]


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ((None, None), (ANY, ANY)),
        ((None, ["jobs:read"]), (ANY, "")),
        ((["203.0.113.7"], ["orders"]), ("", "orders")),
    ],
)
def test_one_email_says_both(service: Service, after: tuple[Given, Given], said: tuple[str, str]) -> None:
    """Only what allows more."""
    assert notified(service, (OFFICE, JOBS), after) == [said]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((None, None), (OFFICE, JOBS)),
        ((OFFICE, JOBS), (OFFICE, JOBS)),
        ((OFFICE, JOBS), (OFFICE[:1], JOBS[:1])),
        ((OFFICE, None), (["203.0.113.0/25", "2001:db8:7:1::9"], None)),
        ((["0.0.0.0/0", "::/0"], None), (OFFICE, KEPT)),
        ((None, None), (None, None)),
    ],
)
def test_less_or_the_same_is_in_the_activity_only(
    service: Service, before: tuple[Given, Given], after: tuple[Given | UnsetType, Given | UnsetType]
) -> None:
    assert notified(service, before, after) == []
    assert {record.event for record in service.world.records} >= {"authn_token_restricted"}


def test_a_rename_is_not_emailed(service: Service) -> None:
    logged_in = service.person()
    key = service.key_creation.create(cookie(logged_in), Details("laptop", networks=OFFICE), OWNER, NOW).api_key
    service.outbox.messages.clear()
    service.key_description.change(cookie(logged_in), key.id, Edit("box", "upstairs"), OWNER, NOW)

    assert service.outbox.messages == []


def test_a_key_with_two_secrets_is_one_email(service: Service) -> None:
    """About the secret that the owner sees as the key's, under its new name."""
    logged_in = service.person()
    old = service.key_creation.create(cookie(logged_in), Details("laptop", networks=OFFICE), OWNER, NOW)
    new = service.key_rotation.rotate(cookie(logged_in), old.api_key.id, 7, OWNER, NOW)
    service.outbox.messages.clear()
    service.key_description.change(cookie(logged_in), old.api_key.id, Edit("box", networks=None), OWNER, NOW)

    about = {"hint": new.api_key.hint, **user_agents.place(OWNER, NOW)}
    assert service.outbox.messages == [messages.ApiKeyLoosened(old.api_key.user_id, "box", ANY, "", **about)]


def test_a_stolen_session_that_is_old_loosens_nothing(service: Service) -> None:
    """And sends no email."""
    logged_in = service.person()
    key = service.key_creation.create(
        cookie(logged_in), Details("laptop", networks=OFFICE, scopes=JOBS), OWNER, NOW
    ).api_key
    service.outbox.messages.clear()
    for edit in (Edit(networks=None), Edit(scopes=None), Edit(scopes=["account", *JOBS])):
        with pytest.raises(ReauthenticationRequired):
            service.key_description.change(cookie(logged_in), key.id, edit, OWNER, later(minutes=16))

    assert (service.world.api_keys, service.outbox.messages) == ({key.id: key}, [])


def test_what_was_restricted_concurrently_counts(service: Service) -> None:
    """The change is compared with what it replaces, not with what was read first."""
    logged_in = service.person()
    key = service.key(logged_in).api_key
    rival = Service(service.world)
    service.interposed = Interleaved(
        service.world,
        lambda: rival.key_description.change(cookie(logged_in), key.id, Edit(networks=OFFICE), OWNER, NOW),
    )
    service.outbox.messages.clear()
    service.key_description.change(cookie(logged_in), key.id, Edit(networks=None), OWNER, NOW)

    assert service.world.api_keys[key.id] == replace(key, networks="")
    assert [it.networks for it in service.outbox.messages if isinstance(it, messages.ApiKeyLoosened)] == [ANY]
