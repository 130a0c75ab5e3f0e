"""Representations in responses: exactly the listed fields, so that a new one is not exposed."""

from copy import replace

import pytest
from msgspec import to_builtins

from accounts.errors import ApiKeyExpired
from accounts.flows.keys.key_verification import Verified
from accounts.model import clients, resources
from accounts.model.api_keys import ApiKey
from accounts.model.audit import NO_CALLER, Caller, Record
from accounts.model.identities import Identity
from accounts.model.key_secrets import Listed
from accounts.model.users import User
from accounts.web import identity_presenters, key_presenters, presenters
from tests.unit.accounts.stage import EMAIL, NOW, later, sample_session

USER = User("u" * 28, EMAIL, "Olive", NOW, later(hours=1), sessions={"s": NOW}, api_keys=frozenset({"k"}), revision=7)
IDENTITY = Identity(f"email#{EMAIL}", "u" * 28, EMAIL, "Olive", NOW, later(hours=1), "hash", verified=True)
CUSTOMER = {
    "id": "u" * 28,
    "email": EMAIL,
    "name": "Olive",
    "createdAt": "2026-03-01T12:00:00.000Z",
    "updatedAt": "2026-03-01T13:00:00.000Z",
}


@pytest.mark.parametrize("account", [USER, IDENTITY], ids=["user", "identity"])
def test_a_customer_is_what_existing_clients_parse(account: User | Identity) -> None:
    """Exactly, whether it comes from the account or from the identity that has just logged in."""
    assert to_builtins(presenters.customer(account)) == CUSTOMER


@pytest.mark.parametrize(
    ("address", "written"),
    [
        (EMAIL, EMAIL),
        ("", ""),
        ("olive@xn--bcher-kva.example", "olive@bücher.example"),
        ("xn--x@a.example", "xn--x@a.example"),
    ],
)
def test_pages_show_an_address_with_its_letters(address: str, written: str) -> None:
    """Also an identity without an address; the part before the @ is never encoded."""
    assert presenters.email_shown(address) == written
    listed = identity_presenters.listed_identity(replace(IDENTITY, email=address))
    assert (listed.email, listed.email_shown) == (address, written)


def test_a_key_is_shown_without_its_plain_text() -> None:
    """And without its account, which the owner knows."""
    key = ApiKey(
        "d" * 64,
        "u" * 28,
        "laptop",
        "for tests",
        "comfyui-12345678",
        NOW,
        later(minutes=5),
        "192.0.2.7",
        "curl/8",
        later(days=7),
        networks="192.0.2.0/24 2001:db8::/32",
        scopes="account jobs:read",
    )

    old = replace(key, key_prefix="comfyui-87654321", ends_at=later(days=1))

    assert to_builtins(key_presenters.api_key(Listed(replace(key, rotated_at=NOW), old))) == {
        "id": "d" * 64,
        "name": "laptop",
        "description": "for tests",
        "key_prefix": "comfyui-12345678",
        "created_at": "2026-03-01T12:00:00.000Z",
        "last_used_at": "2026-03-01T12:05:00.000Z",
        "last_used_source": "192.0.2.7",
        "last_used_device": "curl",
        "expires_at": "2026-03-08T12:00:00.000Z",
        "rotated_at": "2026-03-01T12:00:00.000Z",
        "old_secret": {
            "key_prefix": "comfyui-87654321",
            "ends_at": "2026-03-02T12:00:00.000Z",
            "last_used_at": "2026-03-01T12:05:00.000Z",
            "last_used_source": "192.0.2.7",
            "last_used_device": "curl",
        },
        "networks": ["192.0.2.0/24", "2001:db8::/32"],
        "scopes": ["account", "jobs:read"],
    }


def test_a_key_that_was_never_used_and_does_not_expire_says_so() -> None:
    """Null, not a made-up date."""
    key = ApiKey("d" * 64, "u" * 28, "laptop", "", "comfyui-12345678", NOW)

    shown = key_presenters.api_key(Listed(key))
    assert (shown.last_used_at, shown.last_used_source, shown.last_used_device) == (None, "", "")
    assert (shown.expires_at, shown.rotated_at, shown.old_secret, shown.networks, shown.scopes) == (
        None,
        None,
        None,
        [],
        [],
    )


def test_a_valid_key_is_verified_with_the_fields_that_clients_know() -> None:
    """``firebase_uid`` is the account's id."""
    key = ApiKey("d" * 64, "u" * 28, "laptop", "the one at home", "comfyui-12345678", NOW)

    assert to_builtins(key_presenters.verification(Verified(key, USER))) == {
        "valid": True,
        "firebase_uid": "u" * 28,
        "email": EMAIL,
        "name": "Olive",
        "is_admin": False,
        "key_name": "laptop",
        "key_description": "the one at home",
        "key_expires_at": None,
        "scopes": None,
    }


def test_an_invalid_key_says_why_and_nothing_more() -> None:
    """Nothing about its account."""
    assert to_builtins(key_presenters.verification(ApiKeyExpired())) == {
        "valid": False,
        "error": "api_key_expired",
        "message": "This API key has expired. Create a new one.",
    }


@pytest.mark.parametrize("current", [True, False])
def test_a_session_is_shown_with_its_source_and_its_start(*, current: bool) -> None:
    """Never its token."""
    assert to_builtins(presenters.session(sample_session(remembered=True), current=current)) == {
        "id": "d" * 64,
        "current": current,
        "client": None,
        "resource": None,
        "method": "password",
        "remembered": True,
        "amr": ["pwd"],
        "acr": "urn:comfy:acr:1fa",
        "auth_time": "2026-03-01T12:00:00.000Z",
        "authenticated_at": "2026-03-01T12:00:00.000Z",
        "fresh_until": "2026-03-01T12:15:00.000Z",
        "last_seen_at": "2026-03-01T12:00:00.000Z",
        "expires_at": "2026-03-02T12:00:00.000Z",
        "source": "192.0.2.1",
        "device": "an unknown device",
        "user_agent": "the owner's browser",
    }


def test_a_programs_session_names_the_program_and_its_service() -> None:
    """By id and address when the deployment no longer lists them, or the function does not know the lists."""
    address = "https://cloud.example.com/mcp"
    listed = resources.load("https://accounts.example", f"{address}|Cloud|jobs:read=See your jobs")
    entry = sample_session(client_id="comfy-cli", resource=address)
    gone = replace(entry, client_id="gone", resource="https://gone.example")
    named = [presenters.session(it, current=False, known=clients.load(), resources=listed) for it in (entry, gone)]
    shown = [(it.client, it.resource) for it in (*named, presenters.session(entry, current=False))]

    assert to_builtins(shown) == [
        ({"id": "comfy-cli", "name": "Comfy CLI"}, {"name": "Cloud", "address": address}),
        ({"id": "gone", "name": "gone"}, {"name": "https://gone.example", "address": "https://gone.example"}),
        ({"id": "comfy-cli", "name": "comfy-cli"}, {"name": address, "address": address}),
    ]


def test_a_record_is_shown_with_event_time_and_source() -> None:
    """Without the client's own text about itself and the id of a session."""
    caller = Caller("192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    detail = {"method": "password", "session": "d" * 64}

    assert to_builtins(presenters.event(Record("u" * 28, "authn_login_success", NOW, caller, detail))) == {
        "event": "authn_login_success",
        "at": "2026-03-01T12:00:00.000Z",
        "source": "192.0.2.1",
        "device": "Firefox on Linux",
        "detail": {"method": "password"},
    }


def test_a_record_names_clients_and_shows_no_browser_for_operators() -> None:
    """By the names in the list of clients; an unknown browser would alarm people for nothing."""
    program = Record("u" * 28, "authn_login_success", NOW, Caller("192.0.2.1", "x"), {"client": "comfy-cli"})
    operator = Record("u" * 28, "user_enabled", NOW, NO_CALLER, {"by": "operator"})

    assert presenters.event(program, clients.load()).detail == {"client": "Comfy CLI"}
    assert presenters.event(operator).device == ""
