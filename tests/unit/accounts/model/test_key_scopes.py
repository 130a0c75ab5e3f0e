"""The scopes that a key may be restricted to."""

import pytest

from accounts.errors import InvalidInput
from accounts.model import key_scopes, resources
from accounts.model.key_scopes import Offered
from tests.contract.samples import an_api_key
from tests.fake_deployment import RESOURCES, SITE_URL

OFFERED = key_scopes.offered(resources.load(SITE_URL, RESOURCES))
KNOWN = ("account", "jobs:read", "jobs:write", "orders")


def test_scopes_are_those_of_the_other_services_and_reading_the_account() -> None:
    """A key never lists or deletes keys, whatever its scopes."""
    assert (
        Offered("account", ("See your name and email address",)),
        Offered("jobs:read", ("See your jobs",), ("Comfy Cloud",)),
        Offered("jobs:write", ("Start jobs",), ("Comfy Cloud",)),
        Offered("orders", ("See orders",), ("Comfy Store",)),
    ) == OFFERED
    assert tuple(each.name for each in OFFERED) == KNOWN


def test_a_scope_of_two_services_is_offered_once() -> None:
    both = "https://a.example|A|read=See your files|all=See all;https://b.example|B|read=See your pictures"

    assert key_scopes.offered(resources.load(SITE_URL, both)) == (
        Offered("account", ("See your name and email address",)),
        Offered("read", ("See your files", "See your pictures"), ("A", "B")),
        Offered("all", ("See all",), ("A",)),
    )


def test_without_other_services_there_is_nothing_to_restrict_to() -> None:
    assert key_scopes.offered(resources.load(SITE_URL)) == ()
    for given in ([], ["account"], ["jobs:read"]):
        with pytest.raises(InvalidInput) as refusal:
            key_scopes.checked(given, ())
        assert refusal.value.message == "This site defines no scopes for API keys."


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (["jobs:read"], "jobs:read"),
        (["orders", " account\n", "orders"], "account orders"),
        (list(KNOWN), "account jobs:read jobs:write orders"),
    ],
)
def test_scopes_are_stored_once_in_the_configured_order(given: list[str], stored: str) -> None:
    assert key_scopes.checked(given, KNOWN) == stored


@pytest.mark.parametrize(
    ("before", "after", "covered"),
    [
        ("", "", True),
        ("", "orders", True),
        ("orders", "", False),
        ("jobs:read orders", "orders", True),
        ("jobs:read orders", "orders jobs:read", True),
        ("jobs:read", "jobs:read orders", False),
        ("jobs:read", "jobs", False),
        ("jobs:read-all", "jobs:read", False),
    ],
)
def test_scopes_cover_those_that_allow_nothing_more(before: str, after: str, *, covered: bool) -> None:
    assert key_scopes.covers(before, after) is covered


@pytest.mark.parametrize("unknown", ["", "jobs", "jobs:READ", "jobs:read jobs:write", "\ud800", "x" * 10_000, "*"])
def test_an_unknown_scope_is_refused_and_not_repeated(unknown: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        key_scopes.checked(["jobs:read", unknown], KNOWN)

    assert refusal.value.message == "List only scopes of this site: account, jobs:read, jobs:write, orders."


def test_an_empty_list_is_not_everything() -> None:
    """It could be read as nothing."""
    with pytest.raises(InvalidInput) as refusal:
        key_scopes.checked([], KNOWN)

    assert refusal.value.message == "List at least one scope, or send null for a key that may do everything."


@pytest.mark.parametrize(
    ("scopes", "needed", "allowed"),
    [
        ("", [], True),
        ("", ["jobs:read"], True),
        ("jobs:read", ["jobs:read"], True),
        ("jobs:read jobs:write", ["jobs:write", "jobs:read"], True),
        ("jobs:read", [], False),
        ("jobs:read", ["jobs:write"], False),
        ("jobs:read", ["jobs:read", "jobs:write"], False),
        ("jobs:read", [""], False),
        ("jobs:read", ["jobs"], False),
        ("gone", ["jobs:read"], False),
    ],
)
def test_a_restricted_key_needs_all_that_a_service_names(scopes: str, needed: list[str], *, allowed: bool) -> None:
    """And may do nothing for one that names none."""
    assert an_api_key(scopes=scopes).has_all(needed) is allowed
