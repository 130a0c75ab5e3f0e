"""The account: shown to callers that act for it, closed by its owner, disabled by an operator, with all it holds."""

from collections.abc import Callable

import pytest

from accounts.errors import (
    CredentialNotAccepted,
    InvalidCredentials,
    NotFound,
    ReauthenticationRequired,
    Unauthenticated,
    Unavailable,
)
from accounts.flows.people.authentication import Credential
from accounts.model import users
from accounts.model.audit import NO_CALLER, Record
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OPERATOR,
    OWNER,
    PASSWORD,
    Interleaved,
    Service,
    cookie,
    held,
    key_credential,
    later,
    operator_request,
)


def test_any_credential_shows_its_account(service: Service) -> None:
    """A session and a key of one account show the same."""
    logged_in = service.person()
    key = key_credential(service.key(logged_in).plaintext)
    user = service.world.users[logged_in.session.user_id]

    assert service.account_lookup.of(cookie(logged_in), OWNER, NOW) == user
    assert service.account_lookup.of(key, OWNER, NOW) == user


def test_a_session_shows_its_account_where_a_key_is_not_accepted(service: Service) -> None:
    logged_in = service.person()
    key = key_credential(service.key(logged_in).plaintext)
    user = service.world.users[logged_in.session.user_id]

    assert service.session_account.of(cookie(logged_in), NOW) == user
    with pytest.raises(CredentialNotAccepted):
        service.session_account.of(key, NOW)


@pytest.mark.parametrize("change", ["gone", "disabled"])
def test_a_credential_without_an_active_account_is_invalid(service: Service, change: str) -> None:
    """Even if a session or a key is left over."""
    logged_in = service.person()
    key = key_credential(service.key(logged_in).plaintext)
    if change == "gone":
        service.world.users.clear()
    else:
        service.world.user(logged_in.session.user_id, status=users.DISABLED)

    with pytest.raises(Unauthenticated):
        service.account_lookup.of(cookie(logged_in), OWNER, NOW)
    with pytest.raises(Unauthenticated):
        service.account_lookup.of(key, OWNER, NOW)
    with pytest.raises(Unauthenticated):
        service.session_account.of(cookie(logged_in), NOW)


def _close(service: Service, credential: Credential) -> None:
    service.account_closing.close(credential, OWNER, later(minutes=1))


def _remove(service: Service, _: Credential) -> None:
    (user_id,) = (user.user_id for user in service.world.users.values() if user.email == EMAIL)
    service.account_removal.remove(operator_request(user_id), later(minutes=1))


def _disable(service: Service, _: Credential) -> None:
    (user_id,) = (user.user_id for user in service.world.users.values() if user.email == EMAIL)
    service.account_disabling.disable(operator_request(user_id), later(minutes=1))


@pytest.mark.parametrize("end", [_close, _disable, _remove])
def test_sessions_and_keys_end_with_the_next_request(
    service: Service, end: Callable[[Service, Credential], None]
) -> None:
    """All of them at once, and no other account's (SE-10)."""
    stranger = service.person("other@example.com")
    strangers_key = service.key(stranger)
    first = service.person()
    second = service.log_in()
    keys = [service.key(first, "a"), service.key(second, "b")]

    end(service, cookie(first))

    for credential in (cookie(first), cookie(second), *(key_credential(key.plaintext) for key in keys)):
        with pytest.raises(Unauthenticated):
            service.principal(credential, OWNER, later(minutes=1))
    assert held(service, stranger) == {stranger.session.digest}
    assert list(service.world.api_keys) == [strangers_key.api_key.digest]


@pytest.mark.parametrize("end", [_close, _disable, _remove])
def test_the_password_no_longer_logs_in(service: Service, end: Callable[[Service, Credential], None]) -> None:
    """The same answer as to every failed login."""
    end(service, cookie(service.person()))
    with pytest.raises(InvalidCredentials) as refusal:
        service.log_in()

    assert refusal.value.message == InvalidCredentials.default_message


@pytest.mark.parametrize("end", [_close, _disable, _remove])
def test_sessions_and_keys_that_start_concurrently_end_too(
    service: Service, end: Callable[[Service, Credential], None]
) -> None:
    """A session and a key created between read and write: the account is read again."""
    logged_in = service.person()
    rival = Service(service.world, service.hasher)
    starts = iter((rival.log_in, lambda: rival.key(logged_in), rival.log_in))

    def start_one() -> None:
        next(starts)()

    service.interposed = Interleaved(service.world, start_one, times=3)

    end(service, cookie(logged_in))

    assert (service.world.sessions, service.world.api_keys, list(starts)) == ({}, {}, [])


@pytest.mark.parametrize("end", [_close, _disable, _remove])
def test_an_account_that_keeps_changing_is_unavailable(
    service: Service, end: Callable[[Service, Credential], None]
) -> None:
    """Retries are limited, and nothing is half-ended."""
    logged_in = service.person()
    rival = Service(service.world, service.hasher)
    service.interposed = Interleaved(service.world, rival.log_in, times=1000)
    with pytest.raises(Unavailable):
        end(service, cookie(logged_in))

    assert logged_in.session.digest in held(service, logged_in)
    assert service.identity().can_log_in


def test_a_closed_account_leaves_only_its_history(service: Service) -> None:
    """No account, no identity; the record says that the owner closed it."""
    logged_in = service.person()
    user_id = logged_in.session.user_id

    service.account_closing.close(cookie(logged_in), OWNER, NOW)

    assert (service.world.users, service.world.identities, service.world.sessions) == ({}, {}, {})
    (record,) = service.world.records
    assert record == Record(user_id, "user_deleted", NOW, OWNER, serial=record.serial)


def test_the_address_of_a_closed_account_is_free_again(service: Service) -> None:
    """For a new account that shares nothing with the old one."""
    old = service.person()
    service.account_closing.close(cookie(old), OWNER, NOW)
    new = service.person()

    assert new.session.user_id != old.session.user_id


def test_closing_needs_a_login_of_the_last_15_minutes(service: Service) -> None:
    """An unattended device cannot delete the account (SE-12)."""
    logged_in = service.person()
    with pytest.raises(ReauthenticationRequired):
        service.account_closing.close(cookie(logged_in), OWNER, later(minutes=15, seconds=1))

    assert len(service.world.users) == 1


def test_closing_needs_a_session(service: Service) -> None:
    """A key or an anonymous caller is refused."""
    key = service.key(service.person())
    with pytest.raises(CredentialNotAccepted):
        service.account_closing.close(key_credential(key.plaintext), OWNER, NOW)
    with pytest.raises(Unauthenticated):
        service.account_closing.close(None, OWNER, NOW)

    assert len(service.world.users) == 1


def test_an_account_that_is_closed_concurrently_is_not_found(service: Service) -> None:
    """As with a second click."""
    logged_in = service.person()
    rival = Service(service.world)
    service.interposed = Interleaved(service.world, lambda: rival.account_closing.close(cookie(logged_in), OWNER, NOW))
    with pytest.raises(Unauthenticated):
        service.account_closing.close(cookie(logged_in), OWNER, NOW)

    assert [record.event for record in service.world.records] == ["user_deleted"]


def test_a_disabled_account_keeps_its_address(service: Service) -> None:
    """It cannot be signed up with again; the record names the operator."""
    user_id = service.person().session.user_id
    service.account_disabling.disable(operator_request(user_id), later(minutes=1))
    service.signup.start(EMAIL, PASSWORD, "", OWNER, later(minutes=2))

    assert (service.identity().user_id, service.identity().can_log_in) == (user_id, False)
    user = service.world.users[user_id]
    assert (user.status, user.updated_at, user.sessions, user.api_keys) == (
        users.DISABLED,
        later(minutes=1),
        {},
        frozenset(),
    )
    (record,) = service.world.records
    detail = {"by": "operator", "operator": OPERATOR}
    assert record == Record(user_id, "user_disabled", later(minutes=1), NO_CALLER, detail, record.serial)


@pytest.mark.parametrize("end", ["disable", "remove", "close"])
def test_an_account_ends_although_a_key_that_it_lists_is_missing(service: Service, end: str) -> None:
    """As after a table was restored: ending the account must not fail."""
    logged_in = service.person()
    service.key(logged_in)
    service.world.api_keys.clear()
    user_id = logged_in.session.user_id
    if end == "disable":
        service.account_disabling.disable(operator_request(user_id), NOW)
    elif end == "remove":
        service.account_removal.remove(operator_request(user_id), NOW)
    else:
        service.account_closing.close(cookie(logged_in), OWNER, NOW)

    assert service.world.sessions == {}


def test_disabling_an_unknown_account_is_not_found(service: Service) -> None:
    """The operator mistyped."""
    with pytest.raises(NotFound):
        service.account_disabling.disable(operator_request("u" * 28), NOW)

    assert service.world.records == []
