"""Keys that are restricted to scopes: what they may still do, here and at other services."""

from copy import replace
from datetime import datetime
from typing import Any

import pytest

from accounts.errors import ApiKeyInsufficientScope, ApiKeyWrongNetwork, InvalidInput, ReauthenticationRequired
from accounts.flows.keys.key_management import NewKey
from accounts.flows.keys.key_verification import Verified
from accounts.flows.people.authentication import ACCESS_TOKEN, API_KEY, SESSION, Principal
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import resources
from accounts.model.api_keys import Details, Edit
from accounts.model.audit import Caller, Record
from accounts.web import routes
from tests.unit.accounts.stage import NOW, OWNER, Interleaved, Service, cookie, key_credential, later

JOBS = ["jobs:read", "jobs:write"]


def scoped(service: Service, logged_in: LoggedIn, scopes: list[str], **details: Any) -> NewKey:
    sent = Details("laptop", scopes=scopes, **details)
    new: NewKey = service.key_creation.create(cookie(logged_in), sent, OWNER, NOW)
    return new


def restrict(service: Service, logged_in: LoggedIn, key: NewKey, scopes: list[str] | None, now: datetime = NOW) -> None:
    service.key_description.change(cookie(logged_in), key.api_key.id, Edit(scopes=scopes), OWNER, now)


def may(service: Service, new: NewKey, *scopes: str) -> bool:
    authentication = service.authentication(routes.ANY_CREDENTIAL)
    try:
        authentication.principal(key_credential(new.plaintext), OWNER, NOW, scopes=scopes)
    except ApiKeyInsufficientScope:
        return False
    return True


def test_a_key_may_do_what_needs_one_of_its_scopes(service: Service) -> None:
    """And nothing that names no scope: a route that forgets to name one is closed."""
    new = scoped(service, service.person(), JOBS)

    assert service.world.api_keys[new.api_key.digest].scopes == "jobs:read jobs:write"
    assert [may(service, new, it) for it in ("jobs:read", "jobs:write", "orders", "account", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert may(service, new, "orders", "jobs:write")
    assert not may(service, new)


def test_a_key_without_scopes_may_do_everything(service: Service) -> None:
    new = service.key(service.person())

    assert [may(service, new, it) for it in ("jobs:read", "account", "")] == [True, True, True]
    assert may(service, new)


@pytest.mark.parametrize("kind", [SESSION, ACCESS_TOKEN])
def test_only_keys_are_restricted(kind: Any) -> None:
    """An access token has an audience."""
    assert Principal("u", kind, "c", scope="jobs:read").may(["orders"])
    assert not Principal("u", API_KEY, "c", scope="jobs:read").may(["orders"])


def test_every_route_that_accepts_a_key_names_its_scope() -> None:
    """It reads the owner's account."""
    needed = {route.path: route.scope for route in routes.ROUTES if API_KEY in route.credentials}
    assert needed == dict.fromkeys(
        ["/customers", "/customers/me", "/api/workspaces", "/api/workspaces/current", "/api/workspace/members"],
        resources.SCOPE,
    )


def test_a_service_says_what_the_key_needs(service: Service) -> None:
    """One that does not, because it knows nothing of scopes, refuses every restricted key."""
    logged_in = service.person()
    new, free = scoped(service, logged_in, JOBS), service.key(logged_in)

    for scopes in (["jobs:read"], JOBS):
        assert isinstance(service.key_verification.verified(new.plaintext, OWNER, NOW, scopes), Verified)
    for scopes in ([], ["orders"], ["jobs:read", "orders"], ["account"]):
        found = service.key_verification.verified(new.plaintext, OWNER, NOW, scopes)
        assert isinstance(found, ApiKeyInsufficientScope)
        assert isinstance(service.key_verification.verified(free.plaintext, OWNER, NOW, scopes), Verified)


def test_networks_come_first(service: Service) -> None:
    """From elsewhere, nothing shows about the key."""
    new = scoped(service, service.person(), JOBS, networks=["203.0.113.0/24"])
    outside = Caller("192.0.2.1", "", address="192.0.2.1")

    assert isinstance(service.key_verification.verified(new.plaintext, outside, NOW), ApiKeyWrongNetwork)


def test_scopes_are_changed_and_lifted(service: Service) -> None:
    """With effect on the next request, and recorded."""
    logged_in = service.person()
    new = service.key(logged_in)
    service.world.records.clear()

    restrict(service, logged_in, new, ["orders", "account"])
    assert [may(service, new, it) for it in ("account", "orders", "jobs:read")] == [True, True, False]
    restrict(service, logged_in, new, ["jobs:read"])
    assert [may(service, new, it) for it in ("account", "orders", "jobs:read")] == [False, False, True]
    restrict(service, logged_in, new, None)
    assert [may(service, new, it) for it in ("account", "orders", "jobs:read")] == [True, True, True]

    about = {"api_key": new.api_key.id, "name": "laptop"}
    kept = [
        Record(logged_in.session.user_id, "authn_token_scoped", NOW, OWNER, about | {"scopes": scopes})
        for scopes in ("account orders", "jobs:read", "")
    ]
    assert [replace(record, serial="") for record in service.world.records] == [replace(it, serial="") for it in kept]


@pytest.mark.parametrize("scopes", [[], ["orders", "unknown"]])
def test_nothing_is_written_for_scopes_that_are_refused(service: Service, scopes: list[str]) -> None:
    logged_in = service.person()
    new = service.key(logged_in)
    stored, records = dict(service.world.api_keys), list(service.world.records)
    service.world.counters.clear()

    with pytest.raises(InvalidInput):
        scoped(service, logged_in, scopes)
    with pytest.raises(InvalidInput):
        restrict(service, logged_in, new, scopes)

    assert (service.world.api_keys, service.world.records, service.world.counters) == (stored, records, {})


def test_changing_scopes_needs_a_login_of_the_last_15_minutes(service: Service) -> None:
    """More scopes, or none, let a stolen session do more with a key (SE-12)."""
    logged_in = service.person()
    new = scoped(service, logged_in, JOBS)

    for scopes in (None, ["jobs:read"]):
        with pytest.raises(ReauthenticationRequired):
            restrict(service, logged_in, new, scopes, later(minutes=16))
    assert not may(service, new, "orders")


def test_a_new_secret_has_the_scopes_of_its_key(service: Service) -> None:
    """Of both, when they are changed later."""
    logged_in = service.person()
    new = scoped(service, logged_in, JOBS)
    rotated = service.key_rotation.rotate(cookie(logged_in), new.api_key.id, 7, OWNER, NOW)
    assert [may(service, rotated, it) for it in ("jobs:read", "orders")] == [True, False]

    restrict(service, logged_in, new, ["orders"])
    for secret in (new, rotated):
        assert [may(service, secret, it) for it in ("jobs:read", "orders")] == [False, True]


def test_a_rotation_does_not_escape_a_restriction(service: Service) -> None:
    """It read the key before its scopes were changed."""
    logged_in = service.person()
    new = service.key(logged_in)

    def concurrently() -> None:
        restrict(service, logged_in, new, ["orders"])

    service.interposed = Interleaved(service.world, concurrently)
    rotated = service.key_rotation.rotate(cookie(logged_in), new.api_key.id, 7, OWNER, NOW)
    service.interposed = None

    assert {key.scopes for key in service.world.api_keys.values()} == {"orders"}
    assert not may(service, rotated, "jobs:read")
