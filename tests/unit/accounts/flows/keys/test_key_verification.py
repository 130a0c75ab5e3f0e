"""Other services of the deployment ask whose key they received."""

from copy import replace

import pytest

from accounts.errors import (
    ApiKeyExpired,
    ApiKeyMistyped,
    ApiKeyUnknown,
    InvalidAdminSecret,
    TooManyAttempts,
    Unavailable,
)
from accounts.flows.keys.key_verification import Verified
from accounts.flows.people.authentication import ADMIN_SECRET as ADMIN_SECRET_KIND
from accounts.flows.people.authentication import API_KEY, Credential, Principal
from accounts.model import users
from accounts.model.audit import Caller
from accounts.web import routes
from tests.unit.accounts.stage import ADMIN_SECRET, NOW, OWNER, STRANGER, Service, counted, later, untouched

CALLER = Caller("198.51.100.7", "python-requests/2.32")


def authenticate(service: Service, secret: str, caller: Caller = STRANGER) -> Principal:
    """Present the admin secret."""
    authentication = service.authentication(routes.KEY_VERIFY.credentials)
    return authentication.principal(Credential(ADMIN_SECRET_KIND, secret), caller, NOW)


def test_a_valid_key_returns_its_account(service: Service) -> None:
    """To a service with the admin secret; the use is recorded with what the service says about its own caller."""
    logged_in = service.person()
    new = service.key(logged_in)

    found = service.key_verification.verified(new.plaintext, CALLER, later(minutes=1))

    assert found == Verified(new.api_key, service.world.users[logged_in.session.user_id])
    used = {"last_used_at": later(minutes=1), "last_used_source": CALLER.source, "last_used_agent": CALLER.user_agent}
    used["seen_networks"] = "198.51.100.0/24"
    assert service.world.api_keys[new.api_key.digest] == replace(new.api_key, **used)


@pytest.mark.parametrize("pasted", [" {}\n", "\xa0{}\u200b", "\u2068{}\u2069"])
def test_what_was_copied_along_with_a_key_is_ignored(service: Service, pasted: str) -> None:
    logged_in = service.person()
    key = service.key(logged_in).plaintext

    found = service.key_verification.verified(pasted.format(key), CALLER, NOW)
    assert isinstance(found, Verified)
    assert found.owner == service.world.users[logged_in.session.user_id]
    assert isinstance(service.key_verification.verified(f"{key[:40]}\u200b{key[40:]}", CALLER, NOW), ApiKeyMistyped)


@pytest.mark.parametrize("text", ["", "comfyui-", "comfyui-" + "A" * 64, "\ud800"])
def test_an_invalid_key_returns_why(service: Service, text: str) -> None:
    """It is not an error: the request itself was valid."""
    assert isinstance(service.key_verification.verified(text, CALLER, NOW), ApiKeyMistyped)


def test_an_unknown_key_is_not_counted(service: Service) -> None:
    """A service forwards the keys of its own callers."""
    unknown = service.key(service.person()).plaintext
    service.world.api_keys.clear()
    service.world.counters.clear()

    assert isinstance(service.key_verification.verified(unknown, CALLER, NOW), ApiKeyUnknown)
    assert counted(service) == {}


@pytest.mark.parametrize("state", ["gone", "disabled"])
def test_a_key_without_an_active_account_is_invalid(service: Service, state: str) -> None:
    """If one is left over."""
    logged_in = service.person()
    new = service.key(logged_in)
    if state == "gone":
        service.world.users.clear()
    else:
        service.world.user(logged_in.session.user_id, status=users.DISABLED)

    assert isinstance(service.key_verification.verified(new.plaintext, CALLER, NOW), ApiKeyUnknown)


@pytest.mark.parametrize("secret", ["", "a" * 47, "a" * 49, "A" * 48, ADMIN_SECRET + " ", "é", "\ud800"])
def test_a_wrong_admin_secret_is_refused_before_the_key_is_read(service: Service, secret: str) -> None:
    """Counted per source."""
    with pytest.raises(InvalidAdminSecret):
        authenticate(service, secret)

    assert (service.world.reads, counted(service)) == ([], {"admin/60": 1})


def test_a_source_may_be_wrong_ten_times_a_minute(service: Service) -> None:
    """Then it must wait; another source need not (TH-06)."""
    for _ in range(10):
        with pytest.raises(InvalidAdminSecret):
            authenticate(service, "wrong")
    with pytest.raises(TooManyAttempts) as refusal:
        authenticate(service, "wrong")

    assert refusal.value.retry_after == 60
    with pytest.raises(InvalidAdminSecret):
        authenticate(service, "wrong", OWNER)


def test_a_valid_request_is_not_counted(service: Service) -> None:
    """Services ask all day."""
    authenticate(service, ADMIN_SECRET)
    service.key_verification.verified("", CALLER, NOW)

    assert untouched(service)


def test_nothing_is_revealed_when_the_limiter_is_down(service: Service) -> None:
    """Not even that the secret was wrong (TH-12)."""
    service.world.down = True
    with pytest.raises(Unavailable):
        authenticate(service, "wrong")

    assert service.world.counters == {}


def test_an_expired_key_is_invalid_while_it_is_still_stored(service: Service) -> None:
    """The clock decides, not the table's sweep (AK-10). Its use is not recorded, and its source not counted."""
    new = service.key(service.person(), expires_at="2026-03-08T12:00:00Z")
    service.world.counters.clear()

    assert isinstance(service.key_verification.verified(new.plaintext, CALLER, later(days=7, seconds=-1)), Verified)
    used = service.world.api_keys[new.api_key.digest]
    assert isinstance(service.key_verification.verified(new.plaintext, CALLER, later(days=7)), ApiKeyExpired)
    with pytest.raises(ApiKeyExpired):
        service.principal(Credential(API_KEY, new.plaintext), OWNER, later(days=7))
    assert (service.world.api_keys[new.api_key.digest], counted(service)) == (used, {})
